"""The trackers' words in ours: kinds, levels, states and automation accounts, in the languages trackers speak.

Connectors and the judge of work classes both read it, so it knows the model's words and nothing else. Every look-up
is cached: a tracker has dozens of distinct names and hundreds of thousands of items.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

# One line a kind; names as people see them, folded by `fold` before they are compared. EN DE FR ES PT NL IT PL RU JA ZH KO.
_KINDS = {
    "bug": "bug, bugs, bug report, bugfix, bug fix, hotfix, hot fix, defect, fault, error, issue bug, regression, production bug, customer bug, escaped defect, qa bug, "
    "crash, fehler, fehlerbericht, mangel, bogue, anomalie, défaut, dysfonctionnement, correctif, error de software, defecto, fallo, erro, defeito, falha, "
    "fout, defect melding, bugmelding, difetto, errore, błąd, blad, usterka, ошибка, баг, дефект, バグ, 不具合, 障害バグ, 欠陥, 缺陷, 故障, 错误, 错误报告, 버그, 결함, 오류, vulnerability, "
    "schwachstelle, vulnérabilité, vulnerabilidad, vulnerabilidade, kwetsbaarheid, 脆弱性, weakness, virhe, fel, feil, fejl, chyba, hata, sub bug",
    "incident": "incident, incidents, major incident, outage, störung, vorfall, panne, incidente, incidencia, avería, storing, problem, problem ticket, problème, problema, probleem, "
    "インシデント, 障害, 問題, 事件, 事故, 인시던트, 장애, инцидент, проблема, alert, post incident review, incydent, security incident, sicherheitsvorfall, sev1, postmortem, post mortem",
    "spike": "spike, spikes, research, research task, investigation, analysis, discovery, explore, exploration, proof of concept, poc, prototype, design spike, tech spike, technical spike, "
    "user research, interview, untersuchung, recherche, forschung, analyse, machbarkeitsstudie, erkundung, étude, enquête, investigación, análisis, estudio, prueba de concepto, "
    "pesquisa, investigação, análise, estudo, prova de conceito, onderzoek, verkenning, indagine, ricerca, スパイク, 調査, 検証, 研究, 调研, 조사, исследование, badanie, feasibility study, "
    "question, frage, rfc, decision, learning",
    "hypothesis": "hypothesis, hypotheses, experiment, a b test, ab test, assumption, idea, ideas, product idea, opportunity, insight, bet, hypothese, experiment idee, idee, annahme, hypothèse, expérience, "
    "expérimentation, idée, hipótesis, experimento, idea de producto, oportunidad, hipótese, ideia, suposição, oportunidade, aanname, kans, ipotesi, esperimento, 仮説, 実験, アイデア, 假设, "
    "实验, 想法, 가설, 실험, 아이디어, гипотеза, эксперимент, идея, hipoteza, eksperyment, pomysł",
    "subtask": "sub task, subtask, sub tasks, technical sub task, dev sub task, qa sub task, child task, child issue, sub issue, subissue, unteraufgabe, teilaufgabe, unter aufgabe, sous tâche, "
    "sub tarea, subtarea, sub tarefa, subtarefa, subtaak, sub taak, deeltaak, sottotask, sotto attività, sottoattività, サブタスク, 子課題, サブ課題, 子任务, 子工作, 하위 작업, 부작업, "
    "подзадача, podzadanie, checklist item, aliteht, deluppgift, alt görev",
    "epic": "epic, epics, user epic, feature epic, business epic, épopée, epos, épica, epica, épico, epico, epopeya, épopée utilisateur, エピック, 史诗, 长篇故事, 에픽, эпик, epik, milestone epic, "
    "capability, enabler epic, tech epic, project epic, epiikka, saga",
    "initiative": "initiative, initiatives, theme, strategic theme, programme, program, portfolio epic, portfolio item, objective, goal, outcome, legend, initiatief, thema, programm, "
    "ziel, initiative stratégique, thème, programme stratégique, objectif, iniciativa, tema, programa, objetivo, doelstelling, iniziativa, イニシアチブ, テーマ, 举措, 이니셔티브, "
    "инициатива, inicjatywa, strategic initiative, project, projekt, projet, proyecto, projeto, プロジェクト, key result, kr",
    "story": "story, stories, user story, userstory, feature, new feature, feature request, enhancement, improvement, change request, requirement, product backlog item, pbi, job story, "
    "technical story, tech story, enabler story, enabler, functionality, suggestion, wish, use case, geschichte, benutzergeschichte, anwendergeschichte, nutzergeschichte, anforderung, verbesserung, "
    "neue funktion, neues feature, funktion, änderungsanforderung, änderungswunsch, wunsch, récit, récit utilisateur, histoire, histoire utilisateur, user story us, amélioration, nouvelle fonctionnalité, "
    "fonctionnalité, évolution, demande d évolution, exigence, demande de fonctionnalité, historia, historia de usuario, mejora, nueva función, nueva funcionalidad, nueva característica, funcionalidad, "
    "característica, requisito, requerimiento, solicitud de cambio, solicitud de función, história, história de usuário, história do usuário, história do utilizador, melhoria, novo recurso, "
    "nova funcionalidade, nova característica, recurso, solicitação de mudança, solicitação de recurso, aprimoramento, verhaal, gebruikersverhaal, verbetering, nieuwe functie, nieuwe functionaliteit, functie, "
    "functionaliteit, wijzigingsverzoek, wens, eis, storia, storia utente, miglioramento, nuova funzionalità, funzionalità, ストーリー, ユーザーストーリー, ユーザストーリー, 新機能, 改善, 機能, 機能追加, "
    "要望, 故事, 用户故事, 新功能, 改进, 需求, 스토리, 사용자 스토리, 새 기능, 개선, 기능, история, пользовательская история, новая функциональность, улучшение, historyjka, historia użytkownika, "
    "ulepszenie, nowa funkcja, käyttäjätarina, kullanıcı hikayesi, cr, customer request, product request, us",
    "task": "task, tasks, to do, todo, action, action item, chore, chores, work item, ticket, technical task, technical debt, tech debt, refactoring, refactor, maintenance, upgrade, dependency upgrade, "
    "dependency, test, test case, test task, testing, qa task, documentation, docs, doc, design, design task, deployment, release, migration, configuration, infrastructure, security, compliance, risk, support, "
    "support request, support ticket, service request, service request with approvals, it help, request, access, change, standard change, emergency change, normal change, general request, help request, onboarding, "
    "purchase, hr request, operations, ops, devops, story task, engineering task, development task, build, cleanup, clean up, housekeeping, admin, process, story defect task, review, code review, "
    "aufgabe, vorgang, arbeitspaket, technische aufgabe, technische schuld, technische schulden, wartung, wartungsaufgabe, dokumentation, anfrage, serviceanfrage, service anfrage, änderung, unterstützung, supportanfrage, "
    "testfall, tâche, tâche technique, dette technique, demande, demande de service, demande de support, demande d assistance, changement, modification, assistance, cas de test, tarea, tarea técnica, "
    "deuda técnica, mantenimiento, documentación, solicitud, solicitud de servicio, petición, petición de servicio, cambio, soporte, caso de prueba, tarefa, tarefa técnica, débito técnico, dívida técnica, manutenção, documentação, "
    "solicitação, solicitação de serviço, pedido de serviço, mudança, alteração, suporte, caso de teste, taak, technische taak, technische schuld taak, onderhoud, documentatie, aanvraag, serviceaanvraag, serviceverzoek, verzoek, "
    "wijziging, ondersteuning, testgeval, attività, compito, richiesta, richiesta di servizio, modifica, manutenzione, タスク, 作業, 技術的負債, サービスリクエスト, サービス リクエスト, サービス要求, 変更, サポート, テスト, ドキュメント, "
    "依頼, 保守, 任务, 服务请求, 变更, 支持, 技术债务, 작업, 태스크, 서비스 요청, 변경, 지원, задача, запрос, запрос на обслуживание, изменение, техдолг, zadanie, zmiana, wniosek, tehtävä, uppgift, opgave, oppgave, görev, úkol",
}

_TODO = (
    "to do, todo, open, opened, new, created, reported, submitted, draft, idea, ideas, backlog, product backlog, icebox, inbox, funnel, triage, needs triage, in triage, untriaged, unstarted, not started, planned, planning, proposed, "
    "ready, ready for dev, ready for development, ready to start, ready for sprint, selected, selected for development, selected for dev, next, next up, up next, upcoming, scheduled, committed, approved, accepted for planning, to be refined, refinement, "
    "in refinement, refined, refining, grooming, groomed, estimation, to estimate, analysis backlog, waiting, parked, parking lot, later, someday, future, on deck, reopened, re opened, unassigned, pending, deferred, postponed, needs info, waiting for support, "
    "awaiting approval, waiting for approval, discovery backlog, queued, queue, sprint backlog, assigned, parking, under consideration, requested, not yet started, pending approval, unresolved, nicht erledigt, ungelöst, non résolu, non résolue, no resuelto, sin resolver, não resolvido, não resolvida, onopgelost, niet opgelost, non risolto, 未解決, 미해결, не решено, "
    "offen, neu, zu erledigen, zu bearbeiten, aufgaben, geplant, bereit, ausstehend, eingeplant, wieder geöffnet, erneut geöffnet, rückstand, eingang, warteschlange, idee, entwurf, ausgewählt für entwicklung, zur entwicklung ausgewählt, vorgeschlagen, "
    "zurückgestellt, bereit für entwicklung, freigegeben, nicht begonnen, wartend, zugewiesen, "
    "à faire, a faire, ouvert, ouverte, nouveau, nouvelle, en attente, planifié, planifiée, prêt, prête, réouvert, rouvert, rouverte, à traiter, à planifier, à qualifier, brouillon, idée, idées, proposé, sélectionné pour le développement, "
    "sélectionné pour développement, non commencé, carnet, créé, prêt pour dev, à valider, reporté, "
    "por hacer, pendiente, pendientes, abierto, abierta, nuevo, nueva, tareas por hacer, planificado, listo para desarrollo, listo para desarrollar, reabierto, reabierta, en espera, borrador, propuesto, seleccionado para desarrollo, sin empezar, no iniciado, por iniciar, "
    "en cola, asignado, "
    "a fazer, para fazer, tarefas pendentes, itens pendentes, aberto, aberta, novo, nova, pendente, pendentes, planejado, planeado, pronto para desenvolvimento, reaberto, reaberta, aguardando, em espera, rascunho, proposto, selecionado para desenvolvimento, "
    "não iniciado, a iniciar, na fila, por fazer, "
    "te doen, nog te doen, open staand, nieuw, gepland, heropend, klaar voor ontwikkeling, geselecteerd voor ontwikkeling, wachtend, in de wacht, ingepland, concept, niet gestart, "
    "da fare, da completare, aperto, nuovo, in attesa, pianificato, riaperto, "
    "todo, 未着手, 未対応, 未処理, 未開始, 新規, オープン, 作業前, 待機中, 保留, バックログ, 再オープン, 開発対象に選択, 着手前, 待办, 待處理, 待处理, 未开始, 打开, 新建, 重新打开, 할 일, 해야 할 일, 열림, 대기 중, 백로그, 신규, 재오픈, "
    "к выполнению, сделать, открыт, открыто, открытый, новый, новая, бэклог, переоткрыт, запланировано, do zrobienia, otwarte, otwarty, nowe, nowy, zaplanowane, ponownie otwarte"
)
_DOING = (
    "in progress, working on it, stuck, doing, started, active, wip, work in progress, in work, in development, in dev, development, developing, dev, implementing, implementation, building, build, coding, in review, review, reviewing, code review, in code review, "
    "peer review, under review, pr review, pull request, pr open, in pr, awaiting review, ready for review, ready for code review, needs review, testing, in testing, in test, test, ready for test, ready for testing, ready for qa, qa, in qa, in qe test, qa review, qa testing, "
    "uat, in uat, ready for uat, verification, verifying, verify, ready to verify, validation, in validation, validating, acceptance, in acceptance, ready for acceptance, po review, product review, design, in design, designing, design review, in analysis, analysis, analyzing, analysing, "
    "investigating, investigation, in investigation, discovery, in discovery, research, researching, exploring, experiment running, running, staging, in staging, on staging, merged to develop, merged, merging, ready to merge, ready for merge, ready for release, ready to release, ready to deploy, "
    "ready for deploy, ready for deployment, deploying, awaiting deployment, awaiting release, to be released, blocked, on hold, paused, impeded, stalled, work in review, inprogress, in progress dev, waiting for customer, waiting on customer, waiting for third party, awaiting feedback, feedback, "
    "escalated, fixing, in fix, fix in progress, resolving, rework, rework needed, changes requested, rolling out, rollout, in rollout, beta, in beta, deployed to staging, at risk, off track, on track, indeterminate, qe, monitoring, "
    "in arbeit, in bearbeitung, in umsetzung, in entwicklung, umsetzung, entwicklung, begonnen, gestartet, aktiv, in prüfung, prüfung, in überprüfung, wird überprüft, überprüfung, im review, in review de, im test, in test de, test läuft, testen, abnahme, in abnahme, zur abnahme, bereit zum test, blockiert, "
    "pausiert, in analyse, wird ausgeführt, wird bearbeitet, bereit für test, bereit für review, angefangen, in klärung, läuft, code prüfung, "
    "en cours, en cours de développement, en développement, en cours de traitement, en traitement, commencé, démarré, actif, en revue, revue, en cours de revue, relecture, en relecture, en cours de révision, revue de code, en test, en tests, à tester, en cours de test, en recette, recette, à recetter, "
    "en validation, validation en cours, bloqué, bloquée, en pause, en analyse, prêt à tester, prêt à livrer, à livrer, à déployer, en qualification, en réalisation, à relire, "
    "en curso, en progreso, en proceso, en desarrollo, haciendo, iniciado, empezado, activo, en revisión, revisión, en revisión de código, revisión de código, en pruebas, pruebas, en prueba, probando, listo para probar, para probar, bloqueado, bloqueada, en pausa, en análisis, en validación, en ejecución, "
    "trabajo en curso, listo para desplegar, en qa, "
    "em andamento, em progresso, em desenvolvimento, fazendo, em curso, em execução, iniciada, ativo, em revisão, revisão de código, em revisão de código, em teste, em testes, testando, em homologação, homologação, em validação, em análise, análise, aguardando deploy, aguardando revisão, pausado, "
    "em produção parcial, pronto para teste, pronto para testes, pronto para deploy, "
    "bezig, mee bezig, in uitvoering, in behandeling, in ontwikkeling, gestart, actief, in beoordeling, ter beoordeling, wordt beoordeeld, in review nl, code beoordeling, in testfase, testfase, aan het testen, geblokkeerd, gepauzeerd, onder handen, wordt getest, klaar voor test, klaar voor review, "
    "in corso, in lavorazione, in sviluppo, in revisione, in verifica, bloccato, attivo, "
    "進行中, 作業中, 対応中, 処理中, 実装中, 開発中, レビュー中, レビュー, レビュー待ち, テスト中, テスト, テスト待ち, 検証中, 確認中, 確認待ち, ブロック中, 調査中, リリース待ち, 进行中, 处理中, 正在进行, 开发中, 测试中, 审核中, 评审中, 已阻塞, 진행 중, 진행중, 개발 중, 검토 중, 리뷰 중, 테스트 중, 차단됨, "
    "в работе, в процессе, в разработке, на проверке, ревью, тестирование, в тестировании, заблокировано, w toku, w trakcie, w realizacji, w trakcie realizacji, w recenzji, testowanie, zablokowane"
)
_DONE = (
    "done, closed, close, resolved, fixed, complete, completed, finished, released, shipped, delivered, deployed, deployed to production, deployed to prod, in production, in prod, live, launched, accepted, verified, verified closed, archived, implemented, merged to main, merged to master, "
    "released to production, released to prod, validated, invalidated, published, answered, fulfilled, solved, done done, dev done, ended, signed off, qa passed, fertig, erledigt, geschlossen, abgeschlossen, gelöst, behoben, veröffentlicht, ausgeliefert, geliefert, beendet, umgesetzt, abgenommen, live gestellt, "
    "terminé, terminée, terminés, fini, finie, fermé, fermée, clos, close fr, clôturé, clôturée, clôturés, résolu, résolue, livré, livrée, fait, déployé, en production, en prod, validé, validée, achevé, publié, mis en production, corrigé, "
    "hecho, finalizado, finalizada, terminado, terminada, cerrado, cerrada, resuelto, resuelta, completado, completada, listo, lista, entregado, desplegado, en producción, publicado, concluido, realizado, corregido, "
    "concluído, concluída, concluídos, feito, feita, fechado, fechada, resolvido, resolvida, completo, finalizado pt, pronto, entregue, encerrado, encerrada, em produção, publicada, implantado, itens concluídos, corrigido, "
    "gereed, klaar, afgerond, afgesloten, gesloten, opgelost, voltooid, gedaan, opgeleverd, uitgerold, in productie, beëindigd, gepubliceerd, "
    "completato, completata, fatto, chiuso, risolto, finito, rilasciato, "
    "完了, 完了済み, 終了, クローズ, クローズ済み, 解決済み, 解決, 対応済み, 処理済み, リリース済み, 済み, 已完成, 完成, 关闭, 已关闭, 已解决, 结束, 완료, 완료됨, 닫힘, 종료, 해결됨, 해결, 배포됨, "
    "готово, сделано, выполнено, закрыт, закрыто, закрытый, решено, решён, решен, завершено, gotowe, zrobione, zamknięte, zamknięty, ukończone, rozwiązane, zakończone, zakończony, valmis, klar, færdig, ferdig, hotovo, tamamlandı"
)
# Nobody means "sent back" by these, so they win over the tracker's category.
_CANCELLED = (
    "cancelled, canceled, cancel, wont do, won t do, wontdo, wont fix, won t fix, wontfix, will not do, will not fix, not planned, not doing, duplicate, duplicated, duplicate of, abandoned, obsolete, superseded, dropped, discarded, withdrawn, removed, deleted, killed, descoped, out of scope, "
    "cannot reproduce, can t reproduce, could not reproduce, unable to reproduce, not reproducible, cant reproduce, works as designed, working as designed, as designed, by design, works as intended, not a bug, not a defect, not our bug, not an issue, no longer needed, no longer relevant, not needed, no action, no fix needed, no fix, outdated, incomplete report, "
    "stale, moved away, no change required, not applicable, n a, not relevant, auto closed, auto closed stale, cancelled duplicate, closed duplicate, closed won t do, closed wont fix, closed as duplicate, closed not planned, closed cancelled, done won t do, spam, deprecated item, stopped, terminated, will not implement, "
    "abgebrochen, storniert, verworfen, duplikat, dublette, wird nicht umgesetzt, wird nicht behoben, wird nicht erledigt, wird nicht gemacht, nicht umsetzen, nicht reproduzierbar, kann nicht reproduziert werden, obsolet, hinfällig, veraltet, nicht geplant, gestrichen, entfällt, zurückgezogen, eingestellt, kein fehler, nicht mehr benötigt, gelöscht, "
    "annulé, annulée, annulés, abandonné, abandonnée, doublon, dupliqué, ne sera pas fait, ne sera pas corrigé, ne pas faire, non reproductible, impossible à reproduire, obsolète, supprimé, supprimée, sans suite, classé sans suite, hors périmètre, non planifié, caduc, pas un bug, "
    "cancelado, cancelada, descartado, descartada, abandonado, abandonada, duplicado, duplicada, no se hará, no se realizará, no se corregirá, no se va a hacer, no se puede reproducir, no reproducible, obsoleto, obsoleta, eliminado, anulado, anulada, no procede, fuera de alcance, no planificado, no es un error, desestimado, "
    "não será feito, não será corrigido, não fazer, não reproduzível, não é possível reproduzir, não foi possível reproduzir, não será realizado, descontinuado, fora de escopo, não planejado, excluído, não é um bug, "
    "geannuleerd, vervallen, duplicaat, dubbel, wordt niet gedaan, wordt niet opgelost, wordt niet uitgevoerd, niet doen, niet reproduceerbaar, kan niet reproduceren, verouderd, ingetrokken, niet gepland, verwijderd, buiten scope, niet meer nodig, "
    "annullato, annullata, duplicato, non verrà eseguito, non verrà risolto, non riproducibile, abbandonato, scartato, "
    "キャンセル, キャンセル済み, 中止, 取り下げ, 取下げ, 重複, 却下, 対応しない, 対応不要, 修正しない, 実施しない, 再現不可, 再現できない, 再現しない, 不要, 破棄, 廃止, 取消, 已取消, 重复, 不予修复, 不做, 无法重现, 废弃, 취소, 취소됨, 중복, 하지 않음, 수정 안 함, 재현 불가, 폐기, "
    "отменено, отменён, отменен, дубликат, не будет исправлено, не будет сделано, не воспроизводится, неактуально, anulowane, anulowany, duplikat pl, nie do zrobienia, nie będzie naprawione, nie można odtworzyć, porzucone, peruttu, avbruten, annulleret, zrušeno, iptal edildi"
)
# Cancelled where the item is over; "rejected" while the work is open means that a reviewer sent it back.
_REFUSED = (
    "rejected, reject, declined, decline, denied, invalid, not approved, refused, incomplete, not accepted, unresolved closed, failed, abgelehnt, zurückgewiesen, ungültig, unvollständig, rejeté, rejetée, refusé, refusée, décliné, invalide, incomplet, "
    "rechazado, rechazada, denegado, inválido, no válido, incompleto, rejeitado, rejeitada, recusado, negado, inválida, reprovado, afgewezen, geweigerd, ongeldig, onvolledig, rifiutato, non valido, 無効, 不正, 却下済み, 不完全, 已拒绝, 无效, 거부됨, 거절됨, 무효, "
    "отклонено, отклонён, отклонен, недействительно, odrzucone, odrzucony, nieprawidłowe"
)
_CATEGORIES = {
    "new": "todo", "triage": "todo", "backlog": "todo", "unstarted": "todo", "planned": "todo", "proposed": "todo", "opened": "todo", "open": "todo", "todo": "todo", "to do": "todo",
    "indeterminate": "doing", "started": "doing", "inprogress": "doing", "in progress": "doing", "paused": "doing", "active": "doing", "doing": "doing", "resolved": "done",
    "done": "done", "complete": "done", "completed": "done", "closed": "done", "merged": "done",
    "canceled": "cancelled", "cancelled": "cancelled", "duplicate": "cancelled", "removed": "cancelled", "discarded": "cancelled",
}  # fmt: skip

_LEVELS = {"initiative": 2, "epic": 1, "subtask": -1}

# Fallback for house names ("Shop Bug", "Bug (customer)", "Epic – Platform"): the first pattern found decides.
_KIND_WORDS = (
    ("subtask", r"\bsub ?-?(task|issue|item|story|tarea|tarefa|taak)|unteraufgabe|teilaufgabe|sous t[âa]che|サブタスク|子任务|하위"),
    ("bug", r"\b(bugs?|defects?|defekte?|bogue|anomalie|hotfix|fehler|defecto|defeito|erro|fout|regression|vulnerabilit\w*)\b|バグ|不具合|缺陷|버그|ошибк|błąd"),
    ("incident", r"\b(incidents?|incidente|incidencia|outage|vorfall|störung|storing)\b|インシデント|障害"),
    ("hypothesis", r"\b(hypoth\w+|experiments?|expérience|experimento|hipótes\w+|ideas?|opportunit\w+|assumptions?)\b|仮説"),
    ("spike", r"\b(spikes?|research|investigations?|discovery|poc|recherche|untersuchung|onderzoek|investigación|pesquisa)\b|調査"),
    ("epic", r"\b(epics?|épica|épico|épopée)\b|エピック"),
    ("initiative", r"\b(initiatives?|initiatief|iniciativa|themes?|programm?e?)\b"),
    ("story", r"\b(stor(y|ies)|features?|enhancements?|improvements?|requirements?|historia|história|récit|verbesserung|amélioration|mejora|melhoria|verbetering)\b|ストーリー|改善|機能"),
    ("task", r"\b(tasks?|chores?|requests?|tickets?|maintenance|aufgaben?|tâches?|tareas?|tarefas?|taak|changes?|support|todo|debt)\b|タスク|任务|작업|задач"),
)  # fmt: skip

_STATE_WORDS = (
    ("cancelled", r"\b(cancell?ed|won ?t (do|fix)|wontfix|duplicat\w*|obsolete|abandon\w*|annul\w*|abgebrochen|verworfen|cancelad[oa]|geannuleerd|not planned)\b|キャンセル|취소|отмен"),
    ("todo", r"\b(not (started|ready)|to ?do|backlog|triage|reopen\w*|todo|selected for|ready for (dev\w*|refinement|estimation|planning|sprint|grooming)|to be (refined|planned|estimated)|waiting to start)\b|未着手|待办"),
    ("doing", r"\b(in (progress|dev\w*|review|test\w*|qa|uat|design|analysis|staging)|progress|review\w*|testing|test|qa|uat|staging|blocked|hold|waiting|awaiting|ready (for|to)|verif\w*|validat\w*|implementing|developing|merg\w+|en (cours|curso|desarrollo|progreso|revisión|pruebas)|em (andamento|desenvolvimento|revisão|testes?|progresso)|bearbeitung|umsetzung|prüfung|arbeit|uitvoering|bezig)\b|進行|作業中|レビュー|テスト|进行|진행"),
    ("done", r"\b(done|closed|complete[d]?|released|resolved|shipped|deployed|delivered|live|production|prod|erledigt|abgeschlossen|fertig|terminé\w*|livré\w*|clos\w*|fini\w*|hecho|finalizad\w+|cerrad\w+|concluíd\w+|feito|entregue|afgerond|gereed|klaar)\b|完了|完成|완료|готово"),
)  # fmt: skip

# "Not done" holds the word done: what says that something is not over is looked for first.
_NOT_YET = re.compile(
    r"\b(not|never|isn t|nicht|niet|non|pas|no|não|nao|sin|nie|ikke|inte|ei|не|без)\b.*\b(done|closed?|complete[d]?|finished|fixed|ready|released|resolved|shipped|deployed|delivered|live|started|begun|merged|solved|implemented|"
    r"erledigt|abgeschlossen|fertig|gelöst|behoben|umgesetzt|begonnen|gestartet|geschlossen|terminée?s?|livrée?s?|finie?s?|faite?s?|résolue?s?|commencée?s?|démarrée?s?|hech[oa]|terminad[oa]|terminar|finalizad[oa]|completad[oa]|cerrad[oa]|resuelt[oa]|iniciad[oa]|empezad[oa]|empezar|"
    r"concluíd[oa]|feit[oa]|finalizada|entregue|resolvid[oa]|começad[oa]|afgerond|gereed|klaar|opgelost|voltooid|gedaan|gestart|completat[oa]|finit[oa]|fatt[oa]|iniziat[oa]|gotowe|zrobione|zakończone|ukończone|ferdig|færdig|klar|påbegynt|påbörjad|valmis|готово|сделано|выполнено|завершено|решено|начато)\b"
    r"|\bto be (?!deployed|released|merged|tested|reviewed|verified|validated|cancell?ed)\w+|\byet to\b|\b(unfinished|undone|uncompleted|unstarted|unresolved|unreleased|undeployed|unsolved|unclosed|unfertig|unerledigt|inachevée?s?|inacabad[oa]|inconclus[oa])\b|未完|未解|未着|未対応|未开|未處|未处|未关|미완|미해결|미시작"
)
_NEARLY = re.compile(
    r"\b(almost|nearly|partly|partially|half|fast|teilweise|presque|partiellement|casi|parcialmente|quase|bijna|deels|quasi)\b|\bpre ?prod\w*|\bto be (deployed|released|merged|tested|reviewed|verified|validated)\b"
)
# As a resolution these set an item aside; as a status they say that it is open.
_UNFINISHED = frozenset({"incomplete", "unvollständig", "incomplet", "incompleto", "incompleta", "onvolledig", "incompletato", "不完全"})

_SURNAMES_IN_BOT = ("abbot", "barbot", "cabot", "chabot", "corbot", "gobot", "guillebot", "lebot", "talbot", "talebot", "thibot", "turbot")
_SERVICES = re.compile(
    r"^(automation for jira|automatisierung für jira|automation pour jira|automatización para jira|automação para o jira|automation|jira automation|linear|linear asks|github|github actions?|github for jira|gitlab|gitlab for jira.*|gitlab-?bot|bitbucket( pipelines)?|"
    r"slack|slackbot|jira cloud for slack|jira|jira service management.*|jira software.*|jira misc workflow extensions.*|scriptrunner.*|jenkins|jenkins ci|travis( ci)?|circleci|sentry|zapier|make\.com|n8n|intercom|zendesk( support for jira)?|figma( for jira)?|opsgenie( incident .*)?|statuspage|"
    r"pagerduty|datadog|snyk( security)?|renovate|mend renovate|dependabot|sonarcloud|sonarqube|asana|trello|confluence( cloud)?|proforma.*|system|system user|anonymous|migration user|import(er)? user|atlassian assist|rovo|microsoft teams for jira.*|harness|launchdarkly|productboard.*|aha!?|exalate.*|unito.*|getint.*|"
    r"elements connect.*|tempo.*|insight.*|xray.*|zephyr.*|cursor|codegen|devin|copilot|claude|codex)$"
)
_BOT_WORD = re.compile(
    r"(^|[^a-z])(bot|robot|automation|automatisierung|service[ -]?account|serviceaccount|integration[ -]user|api[ -]user|addon|add-on|webhook|技術用户)([^a-z]|$)"
)
_BOT_SHAPE = re.compile(r"\[bot\]$|^(svc|srv|sa|app|bot|ci)[-_.]|[-_.](bot|svc|ci|robot)$|(^|[-_.])noreply([-_.]|$)")


def fold(name: str) -> str:
    """Return a tracker's name as it is compared: lower case, one space between words, no brackets, emoji or punctuation."""
    text = unicodedata.normalize("NFC", name).replace("[System]", " ").casefold()
    return " ".join(re.sub(r"[^\w]+|_", " ", text).split())


@cache
def _kinds() -> dict[str, str]:
    return {fold(name): kind for kind, names in _KINDS.items() for name in names.split(",")}


@cache
def _states() -> dict[str, str]:
    tables = (("todo", _TODO), ("doing", _DOING), ("done", _DONE), ("refused", _REFUSED), ("cancelled", _CANCELLED))
    return {fold(name): state for state, names in tables for name in names.split(",")}


def _search(name: str, patterns: tuple[tuple[str, str], ...]) -> str:
    return next((word for word, pattern in patterns if re.search(pattern, name)), "")


@lru_cache(maxsize=4096)
def kind_of(their_kind: str, level: int | None = None) -> str:
    """Return our `Kind` for a tracker's type name, in any language it may be shown in.

    `level` is the tracker's own hierarchy (-1 sub-task, 0, 1 epic, 2+ above), None where it tells none. It decides
    between work containers; a bug or an experiment stays one at any height. A name nobody knows is "other".
    """
    name = fold(their_kind)
    kind = _kinds().get(name) or _search(name, _KIND_WORDS)
    if kind in ("bug", "spike", "hypothesis", "incident") and (level is None or level <= 1):
        return kind
    if level is not None and level >= 2:
        return "initiative"
    if level == 1:
        return "epic"
    if level == -1:
        return "subtask"
    return kind or "other"


def level_of(kind: str) -> int:
    """Return the height of one of our kinds: -1 sub-task, 0 story and the like, 1 epic, 2 initiative."""
    return _LEVELS.get(kind, 0)


@lru_cache(maxsize=8192)
def state_of(their_state: str, category: str = "", resolution: str = "") -> str:
    """Return our `State` (todo, doing, done, cancelled) for a status.

    `category` is what the tracker says the status stands for (Jira's new, indeterminate and done, also localised;
    Linear's state types) and decides between open, running and over. Name and resolution decide whether what is over
    was done or set aside. An unknown name without a category is todo, or done if it has a resolution.
    """
    by_name = _state_word(their_state)
    if by_name == "cancelled":
        return "cancelled"
    place = _CATEGORIES.get(fold(category)) or _state_word(category)
    if place == "refused":
        place = "cancelled"
    if not place:
        place = by_name if by_name != "refused" else "todo" if fold(their_state) in _UNFINISHED else "cancelled"
    ending = _state_word(resolution)
    if not place and resolution and ending not in ("todo", "doing"):
        place = "done"
    if place == "done" and (by_name == "refused" or ending in ("cancelled", "refused")):
        return "cancelled"
    return place or "todo"


def is_known_state(their_state: str) -> bool:
    """Return whether a status says by its name alone what it stands for."""
    return bool(_state_word(their_state))


@lru_cache(maxsize=8192)
def _state_word(name: str) -> str:
    folded = fold(name)
    known = _states().get(folded, "") if folded else ""
    if known or not folded:
        return known
    found = _search(folded, _STATE_WORDS)
    if found != "cancelled" and _NOT_YET.search(folded):
        return "todo"
    return "doing" if found in {"", "done"} and _NEARLY.search(folded) else found


@lru_cache(maxsize=8192)
def is_bot(name: str, account_type: str = "") -> bool:
    """Return whether an account is a machine: an app's account type, an integration's name, or a name ending in bot."""
    if account_type.strip().casefold() in ("app", "bot", "integration", "application", "service", "oauthapp", "addon", "system"):
        return True
    text = name.strip()
    lower = text.casefold()
    if not lower:
        return False
    if _SERVICES.match(lower) or _BOT_SHAPE.search(lower) or _BOT_WORD.search(lower):
        return True
    last = re.split(r"[\s._-]+", text.split("@")[0])[-1]
    if re.search(r"[a-z0-9]Bot$", last):
        return True
    # "dependabot" and "mergebot" stand alone; "Emma Talbot" has a surname
    return " " not in text and last.casefold().endswith("bot") and last.casefold() not in _SURNAMES_IN_BOT
