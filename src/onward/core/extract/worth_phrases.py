"""Phrases that tell of a sentence's worth, as data, one table a language: it speaks to the person (`address`), it gives a reason, a
limit or a condition (`reason`), it tells that tests pass (`passed`). They are read by `phrases.pattern`.
"""

from __future__ import annotations

WORTH_PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "address": "you|your|yours|yourself|you'(?:re|ve|ll|d)",
        "reason": "because|since|so that|instead of|rather than|only|must|cannot|can'?t|never|always|unless|except|deferred|by design|"
        "on purpose|in order to|to avoid",
        "passed": "\\d+ (?:[\\w-]+ ){0,3}(?:tests?|checks?|specs?)(?: \\w+){0,3} pass\\w*|tests?(?: \\w+)? pass\\w*|"
        "pass\\w* (?:\\w+ ){0,3}\\d+ (?:\\w+ )?tests?|\\d+/\\d+ (?:\\w+ ){0,2}(?:pass\\w*|green)",
    },
    "id": {
        "address": "anda|kamu|silakan",
        "reason": "karena|sebab|supaya|agar|daripada|bukannya|hanya|harus|wajib|tidak (?:boleh|bisa|dapat)|selalu|kecuali|ditunda|"
        "menghindari",
        "passed": "(?:tes|uji|pengujian)\\b[^.;]{0,25}(?:lulus|lolos|berhasil)|(?:lulus|lolos)[^.;]{0,15}\\d+ (?:tes|uji)",
    },
    "zh": {
        "address": "你|您|请",
        "reason": "因为|由于|所以|而不是|只|仅|必须|不能|不得|不可|始终|总是|除非|以便|避免|推迟",
        "passed": "测试[^。；]{0,12}通过|通过[^。；]{0,12}测试",
    },
    "ja": {
        "address": "あなた|ください|下さい|お願い|ましょう",
        "reason": "ため|ので|のみ|だけ|ではなく|代わりに|必ず|必要があ|できない|できません|常に|以外|避け|見送",
        "passed": "テスト[^。]{0,15}(?:通|成功|パス)|(?:通過|成功|パス)[^。]{0,10}テスト",
    },
    "ko": {
        "address": "당신|하세요|주세요|십시오|세요",
        "reason": "때문|므로|위해|대신|아니라|만 |반드시|해야|할 수 없|불가|항상|제외|피하|보류",
        "passed": "테스트[^.]{0,15}통과|통과[^.]{0,10}테스트",
    },
    "ru": {
        "address": "вы|вам|вас|вами|ваш\\w*|ты|тебе|тебя|тобой|тво\\w+|(?:можете|можешь|хотите|хочешь)",
        "reason": "потому|так как|поскольку|поэтому|чтобы|вместо|только|лишь|должн\\w+|нельзя|невозможно|никогда|всегда|кроме|избежать|"
        "отложен\\w*|бо|оскільки|замість|тільки|лише|завжди|ніколи",
        "passed": "тест\\w*[^.;]{0,25}(?:прош\\w+|проход\\w+|успешн\\w+)|(?:прош\\w+|проход\\w+)[^.;]{0,15}тест\\w*",
    },
    "de": {
        "address": "du|dir|dich|dein\\w*|ihnen|euch|euer|eure\\w*|(?:können|sollten|möchten|müssen|wollen|haben) sie",
        "reason": "weil|denn|damit|statt|anstatt|anstelle|nur|muss|müssen|kann nicht|können nicht|nie|niemals|immer|außer|um zu|"
        "zurückgestellt|absichtlich|vermeide\\w*",
        "passed": "tests?\\b[^.;]{0,20}(?:bestanden|bestehen|grün|laufen durch)|(?:bestanden|bestehen)[^.;]{0,15}tests?",
    },
    "fr": {
        "address": "vous|votre|vos|tu|te|toi|ton|tes|peux-tu|veux-tu",
        "reason": "parce que?|car|puisque|afin|au lieu|plutôt que?|seulement|uniquement|doit|doivent|ne (?:peut|peuvent|doit|doivent)|"
        "jamais|toujours|sauf|éviter|reporté\\w*",
        "passed": "tests?\\b[^.;]{0,20}(?:pass\\w+|réussi\\w*|ok\\b)|(?:réussi\\w*|pass\\w+)[^.;]{0,15}tests?",
    },
    "es": {
        "address": "tú|te|ti|tu|tus|usted(?:es)?|puedes|puede usted|quieres|deseas",
        "reason": "porque|ya que|puesto que|para que|en (?:vez|lugar) de|solo|sólo|solamente|únicamente|debe\\w*|no (?:puede\\w*|se puede)|"
        "nunca|siempre|salvo|excepto|evitar|aplazad\\w+",
        "passed": "(?:pruebas?|tests?)\\b[^.;]{0,20}(?:pasa\\w*|exitos\\w+|correct\\w+)|pasa\\w*[^.;]{0,15}(?:pruebas?|tests?)",
    },
    "pt": {
        "address": "você|vocês|tu|te|teu|tua|pode (?:usar|rodar|executar|testar|verificar)|quer que",
        "reason": "porque|pois|já que|para que|em vez|ao invés|só|somente|apenas|deve\\w*|não (?:pode\\w*|é possível)|nunca|sempre|"
        "exceto|salvo|evitar|adiad\\w+",
        "passed": "testes?\\b[^.;]{0,20}(?:pass\\w+|aprovad\\w+)|(?:passa\\w+)[^.;]{0,15}testes?",
    },
    "it": {
        "address": "tu|ti|te|tuo|tua|tuoi|puoi|vuoi|lei può|voi|vi",
        "reason": "perché|poiché|dato che|affinché|invece|anziché|solo|soltanto|solamente|deve|devono|non (?:può|possono|si può)|mai|"
        "sempre|tranne|eccetto|evitare|rinviat\\w+",
        "passed": "test\\b[^.;]{0,20}(?:passa\\w*|superat\\w*)|(?:passa\\w*|superat\\w*)[^.;]{0,15}test",
    },
    "vi": {
        "address": "bạn|anh ơi|hãy|vui lòng",
        "reason": "vì|bởi vì|do đó|để tránh|thay vì|chỉ|phải|không thể|không được|luôn|luôn luôn|không bao giờ|trừ|ngoại trừ|hoãn",
        "passed": "(?:kiểm thử|test|bài test)[^.;]{0,20}(?:đạt|qua|thành công|pass)",
    },
    "tr": {
        "address": "sen|siz|size|sana|sizin|senin|\\w+(?:abilirsiniz|ebilirsiniz|abilirsin|ebilirsin|malısınız|melisiniz)|lütfen",
        "reason": "çünkü|zira|için|yerine|sadece|yalnızca|ancak|zorunlu\\w*|\\w+m(?:alı|eli)(?:dır|dir)?|asla|hiçbir zaman|her zaman|"
        "hariç|dışında|ertelen\\w+|önlemek",
        "passed": "test\\w*[^.;]{0,20}(?:geçti|geçiyor|başarılı)|(?:geçti|başarılı)[^.;]{0,15}test\\w*",
    },
    "ar": {
        "address": "يمكنك|عليك|تريد|ترغب|لديك|لك |من فضلك|يرجى",
        "reason": "لأن|بسبب|حتى لا|لكي|بدلا|بدلاً|فقط|يجب|لا يمكن|لا يجوز|أبدا|أبداً|دائما|دائماً|إلا|لتجنب|تأجيل",
        "passed": "(?:اختبار|الاختبارات|اختبارات)[^.؛]{0,20}(?:نجح|اجتاز|ناجح)|(?:نجح|اجتاز)[^.؛]{0,15}(?:اختبار|الاختبار)",
    },
}
