"""Knows what the columns of exports are called: Jira's in EN DE FR ES PT JA, Linear's, and the sensible names of home-made lists.

A role is our word for what a column holds. Names are compared folded, without spaces: case, accents kept, punctuation and
brackets do not matter.
"""

from __future__ import annotations

import re
from functools import cache

from okrbot.words import fold

# role: names, divided by "|". Order matters only for readers: EN, DE, FR, ES, PT, JA.
_NAMES: dict[str, str] = {
    "key": "issue key|key|work item key|ticket key|item key|story key|task key|jira key|ticket id|ticket no|ticket number|issue number|issue no|jira id|identifier"
    "|vorgangsschlüssel|vorgangsnummer|schlüssel|ticketnummer|ticket nr|arbeitselementschlüssel|elementschlüssel|vorgang schlüssel"
    "|clé de ticket|clé du ticket|clé de l'élément|clé|clef|clé de demande|clé de la demande|numéro de ticket|clé de l'élément de travail|clé de tâche|identifiant"
    "|clave de incidencia|clave de la incidencia|clave|clave de actividad|clave de la actividad|clave de tarea|clave del elemento|clave de la solicitud|clave de solicitud|identificador|clave del ticket"
    "|chave da item|chave do item|chave|chave da issue|chave da solicitação|chave do problema|chave da tarefa|chave de incidência|chave do ticket|chave da ocorrência|chave do pedido"
    "|課題キー|キー|作業項目キー|チケットキー|タスクキー|管理番号|チケット番号|課題番号",
    "id": "issue id|work item id|internal id|vorgangs id|id des vorgangs|arbeitselement id|id de ticket|id du ticket|id de la demande|id de l'élément|id de la incidencia|id de incidencia|id de la actividad|id de actividad"
    "|id da item|id do item|id da issue|id da solicitação|id do problema|id da tarefa|課題id|作業項目id",
    "uuid": "uuid",
    "title": "summary|title|card name|card title|task title|item title|title 1|title 2|title 3|title 4|title 5|title 6|title 7|title 8|title 9|headline|subject|issue title|task name|item name|story title|ticket title|work item title|issue summary|issue name|short description"
    "|zusammenfassung|titel|überschrift|betreff|kurzbeschreibung|vorgangsname|aufgabenname|résumé|titre|intitulé|sujet|libellé|objet|nom de la tâche"
    "|resumen|título|titulo|asunto|encabezado|nombre de la tarea|resumo|assunto|sumário|nome da tarefa|要約|タイトル|件名|概要|課題名|タスク名",
    "title_weak": "name|task|story|user story|feature|work item|item|what|bezeichnung|aufgabe|thema|nom|tâche|récit|nombre|tarea|historia|historia de usuario|nome|tarefa|história|história de usuário|名前|名称|タスク|ストーリー|内容",
    "key_weak": "issue|ticket|id|card id|task id|nr|no|number|#|ref|reference|vorgang|nummer|referenz|numéro|n°|référence|demande|incidencia|número|referencia|item id|chamado|referência|課題|番号|チケット",
    "kind": "issue type|type|work type|work item type|item type|ticket type|kind|issuetype|card type|vorgangstyp|typ|art|tickettyp|aufgabentyp|arbeitstyp|elementtyp|type de ticket|type de demande|type d'élément|type de tâche"
    "|tipo de incidencia|tipo|tipo de actividad|tipo de tarea|tipo de elemento|tipo de solicitud|tipo de trabajo|tipo de item|tipo do item|tipo de issue|tipo de tarefa|tipo de pendência|tipo de ticket|tipo de solicitação|tipo de problema"
    "|課題タイプ|種別|タイプ|作業タイプ|作業項目タイプ|種類|課題種別",
    "state": "status|state|issue status|workflow state|stage|vorgangsstatus|zustand|stand|bearbeitungsstatus|état|statut|état du ticket|estado|situación|situação|estado da issue|estatus|ステータス|状態|状況|進捗状況",
    "section": "list name|section column|section|column|list|column name|bucket|bucket name|board column|kanban column|lane|spalte|liste|abschnitt|colonne|columna|sección|coluna|seção|リスト名|セクション",
    "category": "status category|state category|state type|statuskategorie|catégorie d'état|catégorie de statut|catégorie d'état du ticket|catégorie d'états|categoría de estado|categoría del estado|categoria de status|categoria do status|categoria de estado|ステータス カテゴリ|ステータスカテゴリー|状態カテゴリ",
    "category_changed": "status category changed|state change date|statuskategorie geändert|catégorie d'état modifiée|catégorie de statut modifiée|changement de catégorie d'état|categoría de estado modificada|categoría de estado cambiada|cambio de categoría de estado"
    "|categoria de status alterada|categoria do status alterada|alteração da categoria de status|ステータス カテゴリの変更日|ステータス カテゴリが変更されました|ステータス カテゴリ変更日|変更されたステータス カテゴリ",
    "project_key": "project key|space key|projektschlüssel|bereichsschlüssel|clé de projet|clé du projet|clé d'espace|clave del proyecto|clave de proyecto|clave del espacio|chave do projeto|chave de projeto|chave do espaço|プロジェクト キー|スペース キー",
    "project_name": "project name|space name|projektname|bereichsname|nom du projet|nom de projet|nom de l'espace|nombre del proyecto|nombre de proyecto|nombre del espacio|nome do projeto|nome de projeto|nome do espaço|プロジェクト名|スペース名",
    "project": "project|projekt|projet|proyecto|projeto|プロジェクト|案件",
    "priority": "priority|prio|issue priority|priorität|dringlichkeit|priorité|prioridad|prioridade|優先度|優先順位",
    "resolution": "resolution|lösung|erledigungsart|résolution|resolución|resolução|解決状況|解決方法|完了理由",
    "assignee": "assignee|assign|person|people|members|assigned to|assigned|owner|responsible|zugewiesene person|bearbeiter|zugewiesen an|zuständig|verantwortlich|zugewiesen|bearbeitende person|personne assignée|attribution|responsable|assigné à|assigné|attribué à"
    "|persona asignada|asignado|asignado a|asignada a|responsável|atribuído a|cessionário|担当者|担当",
    "assignee_id": "assignee id|id der zugewiesenen person|id des bearbeiters|id de la personne assignée|id du responsable|id responsable|id de la persona asignada|id de persona asignada|id del responsable|id do responsável|id do cessionário|担当者id",
    "reporter": "reporter|autor|berichterstatter|gemeldet von|melder|rapporteur|déclarant|informador|informante|relator|criado por|報告者|起票者",
    "reporter_id": "reporter id|id des autors|id des berichterstatters|id du rapporteur|id rapporteur|id del informador|id de informador|id do relator|報告者id",
    "creator": "creator|created by|author|ersteller|erstellt von|angelegt von|créateur|créé par|auteur|creador|creado por|criador|作成者|登録者",
    "creator_id": "creator id|ersteller id|id des erstellers|id du créateur|id créateur|id del creador|id de creador|id do criador|作成者id",
    "created": "created|created time|creation log|created at|created on|created date|creation date|date created|createdat|opened|open date|erstellt|erstellt am|erstelldatum|angelegt am|erstellungsdatum|création|créé|créée|créé le|date de création|création le"
    "|creada|creado|creado el|fecha de creación|criado|criada|criado em|data de criação|criação|作成日|作成日時|作成|作成済み|登録日|起票日",
    "updated": "updated|changed date|last activity date|last edited time|last updated time|updated at|updated on|last updated|last modified|modified|updated date|date updated|updatedat|aktualisiert|aktualisiert am|geändert|geändert am|letzte änderung|zuletzt aktualisiert|mise à jour|mis à jour|mise à jour le|date de mise à jour|modifié|modifié le|dernière mise à jour"
    "|actualizada|actualizado|actualizado el|fecha de actualización|modificado|última actualización|atualizado|atualizado a|atualizada|atualizado em|data de atualização|última atualização|更新日|更新日時|更新|更新済み|最終更新日|最終更新",
    "resolved": "resolved|resolution date|resolved at|resolved on|resolved date|resolutiondate|closed|closed at|closed on|closed date|date closed|done date|done at|done|completed at|completed on|completion date|completed date|finished|end date actual|erledigt|erledigt am|gelöst|gelöst am|geschlossen|geschlossen am|abgeschlossen|abgeschlossen am|lösungsdatum|erledigungsdatum"
    "|résolue|résolu|résolu le|résolution le|date de résolution|fermé le|clôturé le|date de clôture|terminé le|resuelta|resuelto|resuelto el|fecha de resolución|cerrado el|fecha de cierre|finalizado el|resolvido|resolvida|resolvido em|data de resolução|data da resolução|concluído em|fechado em|data de conclusão"
    "|解決日|解決日時|解決済み|解決|完了日|終了日|クローズ日",
    "due": "due date|due|duedate|deadline|target date|due on|fälligkeitsdatum|fällig|fällig am|fälligkeit|termin|zieldatum|date d'échéance|échéance|date limite|date butoir|echéance|date prévue|fecha de vencimiento|vencimiento|fecha límite|fecha de entrega|fecha limite|data limite|data de vencimento|vencimento|prazo|data de entrega|prazo final|期限|期日|締切|締め切り|期限日",
    "start": "start date|start|planned start|startdate|target start|begin|startdatum|start am|beginn|anfangsdatum|geplanter start|date de début|début|date de départ|début prévu|fecha de inicio|inicio|fecha inicial|data de início|início|data inicial|開始日|着手予定日|開始予定日",
    "labels": "labels|label|tags|tag|keywords|stichwörter|stichworte|schlagwörter|etiketten|étiquettes|étiquette|mots clés|libellés|etiquetas|etiqueta|categorias|rótulos|marcadores|palavras chave|ラベル|タグ|分類",
    "components": "components|component|component s|komponenten|komponente|komponente n|komponente en|composants|composant|composant s|componentes|componente|componente s|componentes s|コンポーネント|構成要素",
    "versions": "fix versions|fix version|fix version s|fixversions|release|releases|version|versions|milestone|lösungsversion|lösungsversionen|lösungsversion en|korrekturversion|korrekturversionen|zielversion|zielversionen|version corrigée|versions corrigées|version s corrigée s|versions correctives|version corrective|version de correction|versions de correction"
    "|versión correctora|versiones correctoras|versión corregida|versiones corregidas|versión de corrección|versiones de corrección|versión es correctora s|versão corrigida|versões corrigidas|versão de correção|versões de correção|versão da correção|versões com correção|修正バージョン|リリース|マイルストーン",
    "body": "description|card description|details|body|text|content|notes|acceptance criteria|beschreibung|details zum vorgang|notizen|détails|contenu|descripción|detalles|contenido|descrição|detalhes|conteúdo|説明|詳細|本文|備考",
    "environment": "environment|umgebung|environnement|entorno|ambiente|環境",
    "security": "security level|security|issue security|issue security level|sicherheitsstufe|sicherheitsebene|niveau de sécurité|nivel de seguridad|nível de segurança|セキュリティ レベル|セキュリティー レベル",
    "estimate": "estimate|story points|story point|story point estimate|points|estimation|size|sp|σ story points|schätzung|aufwand|punkte|story point schätzung|storypoints|estimation en points|estimation de points|points de récit|points|points d'effort|estimación|puntos|puntos de historia|puntos de la historia|estimación de puntos de historia"
    "|estimativa|pontos|pontos de história|estimativa de pontos de história|story points estimados|見積もり|見積|ストーリー ポイント|ポイント|ストーリーポイント見積もり|ストーリー ポイントの見積り",
    "iteration": "iteration path",
    "area": "area path",
    "board": "board name",
    "sprint": "sprint|sprints|sprint name|iteration|cycle|sprint s|spr int|itération|iteración|iteração|スプリント|イテレーション",
    "parent": "parent|parent issue|parent ticket|parent work item|parent task|übergeordnet|übergeordneter vorgang|übergeordnetes element|übergeordnete aufgabe|eltern|élément parent|ticket parent|tâche parente|demande parente|parente|principal|actividad principal|elemento principal|incidencia principal|tarea principal|tarea padre|padre|superior"
    "|pai|item pai|tarefa pai|tarefa principal|elemento pai|pendência pai|primário|principal da issue|親|親課題|親チケット|親タスク|親項目",
    "parent_key": "parent key|parent link|übergeordneter schlüssel|schlüssel des übergeordneten vorgangs|schlüssel übergeordnet|clé parente|clé du parent|clé parent|clave principal|clave del principal|clave padre|clave de la principal|chave pai|chave do pai|chave principal|親キー|親課題キー|親のキー",
    "parent_id": "parent id|id des übergeordneten vorgangs|id übergeordnet|übergeordnete id|id parent|id du parent|id principal|id del principal|id padre|id pai|id do pai|親id|親課題id",
    "epic_link": "epic link|epic key|epic|epic id|epos|epos verknüpfung|epic verknüpfung|verknüpfung zum epic|epic verlinkung|lien d'epic|lien epic|lien d'épopée|lien de l'epic|épopée|enlace de epic|enlace de la épica|enlace épico|vínculo de epic|épica|epica|link do epic|link do épico|link épico|épico|エピック リンク|エピック",
    "epic_name": "epic name|epos name|epic bezeichnung|nom de l'epic|nom d'epic|nom de l'épopée|nombre de epic|nombre de la épica|nome do epic|nome do épico|エピック名",
    "rank": "rank|rang|ranking|order|position|rango|classement|classificação|classificación|clasificación|ordem|orden|ランク|順位",
    "team": "team|teams|squad|working group|team name|équipe|equipo|equipe|チーム",
    "goals": "goals|goal|ziele|ziel|objectifs|objectif|objetivos|objetivo|metas|meta|目標|ゴール",
    "comment": "comment|comments|kommentar|kommentare|commentaire|commentaires|comentario|comentarios|comentário|comentários|コメント",
    "url": "url|html url|card url|task url|issue link|link|web link|issue url|adresse|lien|enlace|リンク",
    "archived": "archived|archiviert|archivé|archivado|arquivado|アーカイブ",
    # Linear's own
    "cycle_number": "cycle number",
    "cycle_name": "cycle name",
    "cycle_start": "cycle start",
    "cycle_end": "cycle end",
    "started": "started|activated date|started at|started date|work started|in progress since|gestartet|gestartet am|begonnen am|commencé le|démarré le|iniciado|iniciado el|iniciado em|iniciada|着手日|開始日時",
    "triaged": "triaged",
    "completed": "completed",
    "canceled": "canceled|cancelled|canceled at|cancelled at|abgebrochen am|annulé le|cancelado el|cancelado em|中止日",
    "initiatives": "initiatives|initiative",
    "milestone": "project milestone",
    "related_to": "related to",
    "blocked_by": "blocked by|is blocked by|blockiert durch|bloqué par|bloqueado por|depends on",
    "blocks": "blocks|blockiert|bloque|bloquea|bloqueia",
    "duplicate_of": "duplicate of",
    # Known and not needed: they must not become custom fields.
    "ignored": "project type|project lead|project lead id|project description|project url|space type|space lead|space lead id|space description|votes|watchers|watchers id|watcher id|log work|work log|attachment|attachments|original estimate|remaining estimate|time spent|work ratio|σ original estimate|σ remaining estimate|σ time spent"
    "|last viewed|affects versions|affects version|affects version s|parent summary|images|progress|σ progress|thumbnails|project id|project milestone id|sla status|time in status minutes|roadmaps|satisfaction rating|issue color|development|flagged by"
    "|projekttyp|projektleiter|id des projektleiters|projektleiter id|projektbeschreibung|projekt url|stimmen|beobachter|id des beobachters|arbeit protokollieren|arbeitsprotokoll|anhang|anhänge|ursprüngliche schätzung|restschätzung|verbleibende schätzung|benötigte zeit|aufgewendete zeit|zeitaufwand|verhältnis tatsächlicher zu geschätzter arbeit|arbeitsverhältnis|σ ursprüngliche schätzung|σ restschätzung|σ benötigte zeit|σ verbleibende schätzung|σ aufgewendete zeit|zuletzt angezeigt|zuletzt angesehen|betroffene versionen|betroffene version|betrifft version en|betrifft versionen|betrifft version|betroffene version en"
    "|type de projet|responsable du projet|chef de projet|id du responsable du projet|id du chef de projet|description du projet|url du projet|votants|observateurs|id des observateurs|journal d'activité|journal de travail|consigner le travail|pièce jointe|pièces jointes|estimation originale|estimation initiale|estimation d'origine|estimation restante|temps restant|temps passé|temps consacré|ratio de travail|ratio d'avancement|σ estimation originale|σ estimation initiale|σ estimation restante|σ temps passé|σ temps consacré|dernière consultation|dernier affichage|dernière vue|versions affectées|version affectée|version s affectée s|affecte la version|affecte les versions|résumé parent|résumé du parent"
    "|tipo de proyecto|responsable de proyecto|responsable del proyecto|id del responsable del proyecto|id de responsable de proyecto|descripción del proyecto|url del proyecto|votos|observadores|id de observadores|id del observador|registro de trabajo|registrar trabajo|adjunto|adjuntos|archivo adjunto|archivos adjuntos|estimación original|estimación restante|trabajo restante|tiempo empleado|tiempo invertido|tiempo trabajado|ratio de trabajo|proporción de trabajo|σ estimación original|σ estimación restante|σ tiempo empleado|última visualización|última vista|visto por última vez|versiones afectadas|versión afectada|versión es afectada s|afecta a la versión|afecta a versiones|resumen principal|resumen del principal"
    "|tipo de projeto|líder do projeto|lead do projeto|responsável pelo projeto|id do líder do projeto|id do responsável pelo projeto|descrição do projeto|url do projeto|observadores|id do observador|id dos observadores|registro de trabalho|registrar trabalho|log de trabalho|anexo|anexos|estimativa original|estimativa restante|trabalho restante|tempo gasto|proporção de trabalho|razão de trabalho|σ da estimativa original|σ estimativa original|σ da estimativa restante|σ estimativa restante|σ tempo gasto|σ do tempo gasto|última visualização|visualizado pela última vez|versões afetadas|versão afetada|afeta a versão|afeta versões|resumo pai|resumo do pai"
    "|プロジェクト タイプ|プロジェクト リード|プロジェクト リードid|プロジェクト リーダー|プロジェクトの説明|プロジェクト説明|プロジェクト url|投票|ウォッチャー|ウォッチャーid|作業ログ|作業を記録|作業ログを記録|添付ファイル|初期見積もり|初期見積り|初期見積|残余見積もり|残り時間の見積もり|残りの見積|残余見積|消費時間|作業時間|作業比率|作業率|σ 初期見積もり|σ 初期見積|σ 残余見積もり|σ 残余見積|σ 消費時間|最終表示日|最終表示|最終閲覧日|最後に表示した日時|影響バージョン|影響するバージョン|対象バージョン|親の要約|親要約",
}

# Prefixes of Jira's custom columns and of its link columns, "Custom field (Rank)", "Outward issue link (Blocks)".
_PREFIXES: dict[str, str] = {
    "custom": "custom field|custom fields|benutzerdefinierte felder|benutzerdefiniertes feld|champs personnalisés|champ personnalisé|campo personalizado|campos personalizados|カスタム フィールド|カスタムフィールド|ユーザー定義フィールド",
    "link_in": "inward issue link|inward work item link|inward link|eingehende vorgangsverknüpfung|eingehender vorgangslink|eingehende verknüpfung|vorgangsverknüpfung eingehend|eingehende arbeitselementverknüpfung|lien du ticket entrant|lien de ticket entrant|lien de demande entrant|lien entrant|lien entrant du ticket|lien d'élément entrant"
    "|enlace de incidencia entrante|enlace de incidencias entrante|enlace entrante de incidencia|enlace entrante|vínculo de actividad entrante|vínculo de incidencia entrante|enlace de actividad entrante|enlace interno de incidencia"
    "|link de item de entrada|link de item recebido|link de entrada do item|link de entrada|ligação de item de entrada|link do item de entrada|link da issue de entrada|link interno do item|link interno de issue|link de issue de entrada|内向き課題リンク|内向きの課題リンク|課題リンク 内向き|受信課題リンク|内部課題リンク|内向きの作業項目リンク",
    "link_out": "outward issue link|outward work item link|outward link|ausgehende vorgangsverknüpfung|ausgehender vorgangslink|ausgehende verknüpfung|vorgangsverknüpfung ausgehend|ausgehende arbeitselementverknüpfung|lien du ticket sortant|lien de ticket sortant|lien de demande sortant|lien sortant|lien sortant du ticket|lien d'élément sortant"
    "|enlace de incidencia saliente|enlace de incidencias saliente|enlace saliente de incidencia|enlace saliente|vínculo de actividad saliente|vínculo de incidencia saliente|enlace de actividad saliente|enlace externo de incidencia"
    "|link de item de saída|link de item enviado|link de saída do item|link de saída|ligação de item de saída|link do item de saída|link da issue de saída|link externo do item|link externo de issue|link de issue de saída|外向き課題リンク|外向きの課題リンク|課題リンク 外向き|送信課題リンク|外部課題リンク|外向きの作業項目リンク",
}

# Inside "Custom field (…)" these mean more than a field of its own.
_CUSTOM_ROLES = frozenset({"sprint", "epic_link", "epic_name", "rank", "team", "goals", "start", "estimate", "parent_key", "ignored"})

_BRACKET = re.compile(r"^(.{2,60}?)\s*[(（](.{1,200})[)）]\s*$", re.DOTALL)
_INWARD = re.compile(r"inward|incoming|eingeh|entrant|entrada|interno|受信|内")
_OUTWARD = re.compile(r"outward|outgoing|ausgeh|sortant|salien|saída|saida|externo|送信|外")


def squeeze(name: str) -> str:
    """Return a header as it is compared: folded, without spaces."""
    return fold(name.strip().lstrip("\ufeff")).replace(" ", "") or name.strip()


@cache
def _roles() -> dict[str, str]:
    found: dict[str, str] = {}
    for role, names in _NAMES.items():
        for name in names.split("|"):
            found.setdefault(squeeze(name), role)
    return found


@cache
def _prefixes() -> dict[str, str]:
    return {squeeze(name): role for role, names in _PREFIXES.items() for name in names.split("|")}


def role_of(header: str) -> str:
    """Return the role of a plain header, "" when nobody knows it."""
    return _roles().get(squeeze(header), "")


def bracketed(header: str) -> tuple[str, str, str] | None:
    """Return (prefix, its role or "", the name in brackets) of `Custom field (Rank)`, None for a plain header."""
    found = _BRACKET.match(header.strip())
    if not found:
        return None
    prefix = squeeze(found[1])
    return prefix, _prefixes().get(prefix, ""), found[2].strip()


def custom_role(name: str) -> str:
    """Return the role a custom field plays by its name, "" for a field of its own."""
    role = role_of(name)
    return role if role in _CUSTOM_ROLES else ""


def link_direction(prefix: str) -> str:
    """Return link_in or link_out for the prefix of a link column in a language without table, "" when it does not say."""
    if _INWARD.search(prefix):
        return "link_in"
    return "link_out" if _OUTWARD.search(prefix) else ""
