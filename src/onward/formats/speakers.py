"""The names that the two sides of a pasted chat go by, in each language, and the words of pages that say who said what."""

from __future__ import annotations

from typing import NamedTuple


class Speakers(NamedTuple):
    """The names in one language, as alternatives of a pattern: of the person, of the assistant, of others; what a page says before the
    words of either; and the verbs after a name.
    """

    user: str
    assistant: str
    user_said: str = ""
    assistant_said: str = ""
    verbs: str = ""
    other: str = ""


SPEAKERS: dict[str, Speakers] = {
    "id": Speakers(
        user="pengguna|manusia|saya|anda|kamu|tanya|pertanyaan",
        assistant="asisten|jawaban|jawab",
        verbs=" +(?:berkata|mengatakan|bertanya|menjawab)",
        other="sistem",
    ),
    "de": Speakers(
        user="benutzer(?:in)?|nutzer(?:in)?|anwender(?:in)?|ich|frage|mensch|du",
        assistant="assistentin|assistent|ki-assistent|ki|antwort",
        user_said="du hast gesagt|sie haben gesagt|sie sagten|ich habe gesagt",
        verbs=" +(?:hat gesagt|sagte|schrieb)",
    ),
    "fr": Speakers(
        user="utilisateur|utilisatrice|moi|vous",
        assistant="assistante|ia|réponse",
        user_said="vous avez dit|tu as dit|j'ai dit",
        verbs=" +(?:a dit|a répondu)",
    ),
    "es": Speakers(
        user="usuario|usuaria|yo|tú|pregunta|humano",
        assistant="asistente|ia|respuesta",
        user_said="has dicho|dijiste|tú dijiste|usted dijo",
        verbs=" +(?:dijo|ha dicho|respondió)",
    ),
    "pt": Speakers(
        user="usuári[oa]|utilizadora?|eu|você|pergunta",
        assistant="o chatgpt|assistente|resposta",
        user_said="você disse|disseste",
        verbs=" +(?:disse|respondeu)",
    ),
    "it": Speakers(
        user="utente|io|tu|domanda",
        assistant="assistente|risposta",
        user_said="hai detto|tu hai detto",
        verbs=" +(?:ha detto|ha risposto)",
    ),
    "ru": Speakers(
        user="пользователь|я|вы|ты|вопрос|человек",
        assistant="ассистент|помощник|ии|ответ|бот|модель",
        user_said="вы сказали|ты сказал|ты сказала",
        verbs=" +(?:сказал|сказала|ответил)",
    ),
    "ar": Speakers(
        user="المستخدم|مستخدم|أنا|أنت|السؤال|سؤال",
        assistant="المساعد|مساعد|الذكاء الاصطناعي|الإجابة|الجواب",
        assistant_said="قال (?:chatgpt|claude|gemini|المساعد)",
        user_said="لقد قلت|قلت|أنت قلت",
        verbs=" +قال",
    ),
    "tr": Speakers(
        user="kullanıcı|ben|sen|siz|soru",
        assistant="asistan|yardımcı|yapay zeka|yanıt|cevap",
        user_said="şunu dediniz|dediniz ki|dedin ki",
        verbs=" +(?:şunu dedi|dedi ki|dedi)",
    ),
    "vi": Speakers(
        user="người dùng|tôi|bạn|câu hỏi|hỏi",
        assistant="trợ lý(?: ai)?|câu trả lời|trả lời",
        user_said="bạn đã nói|bạn nói",
        verbs=" +(?:đã nói|nói)",
    ),
    "zh": Speakers(
        user="用户|用戶|使用者|我|你|您|提问|提問|问题|問題|问|問",
        assistant="ai ?助手|ai ?助理|助手|助理|人工智能|机器人|機器人|智能体|模型|回答|回复|回覆|答",
        user_said="你说|你說|您说|您說|我说|我說",
        verbs=" *(?:说|說)",
    ),
    "ja": Speakers(
        user="ユーザー|ユーザ|利用者|私|僕|あなた|質問",
        assistant="ai ?アシスタント|アシスタント|回答|答え",
        user_said="あなたの発言|あなたは言いました",
        verbs=" *(?:の発言|は言いました)",
    ),
    "ko": Speakers(
        user="사용자|유저|나|저|당신|질문",
        assistant="ai ?어시스턴트|어시스턴트|도우미|비서|인공지능|답변|대답",
        user_said="나의 말|내가 한 말|당신의 말",
        verbs=" *(?:의 말|이 말하길)",
    ),
    "en": Speakers(
        user="user|human|you|me|prompt|question|q",
        assistant="assistant|ai assistant|ai|bot|chatbot|chatgpt|gpt-[\\w.]+|gpt|claude code|claude|gemini|github copilot|copilot|cursor|"
        "codex|deepseek|grok|mistral|llama|perplexity|qwen|kimi|model|llm|agent|answer|response|a",
        verbs=" +(?:said|says|wrote|asked|replied)",
        other="system|tool|function",
    ),
}
"""English comes last: names such as "AI 助手" begin with its words."""


def alternatives(field: str) -> str:
    """Return the names or words in *field* of every language as alternatives of one pattern."""
    return "|".join(words for speakers in SPEAKERS.values() if (words := getattr(speakers, field)))
