"""Phrases of a person's requests, as data, one table a language; `phrases.pattern` compiles them.

`want` asks for work (a wish, an order, a polite question), `dismiss` says not to do something, `shelve` postpones it, `reassure` says that
something is no problem, `means` says how to do the work, and `temporary` limits an order to a time.
"""

from __future__ import annotations

REQUEST_PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "temporary": "(?:not )?yet|for now|right now|for the (?:moment|time being)|at this (?:point|stage)|this time|just (?:this )?once",
        "dismiss": "ignore|skip|no need (?:to|for)|(?:do not|don'?t|no need to|never mind|not) (?:\\w+ ){0,2}push|leave (?:the )?push|"
        "i(?:'?ll| will|"
        " can) (?:\\w+ ){0,2}push|push (?:\\w+ ){0,3}(?:later|myself)|without push",
        "want": "please|(?:can|could|would|will) (?:you|we)|i(?:'d| would) (?:like|love|want|need)|(?:i|we) (?:want|need|have to)|"
        "we should|let'?s|help me|i'?m (?:trying|looking) to|(?:my|your|our|the) goal is|you are (?:auditing|working on|to )|go through|"
        "^\\W*(?:(?:alright|ok(?:ay)?|great|good|hey|hi|cool|now|then|next|and|also|so)[,.! ]+)*(?:add|allow|"
        "analy[sz]e|audit|build|change|check|clean|compare|convert|create|debug|do an?|"
        "deploy|design|develop|document|draft|enable|evaluate|examine|explore|extend|extract|find|fix|follow|generate|go|implement|"
        "improve|install|integrate|investigate|look|make|merge|migrate|modify|move|optimi[sz]e|plan|port|prepare|process|propose|"
        "provide|read|refactor|remove|rename|replace|research|resolve|review|rewrite|run|scan|set|simplify|solve|split|suggest|"
        "summari[sz]e|support|switch|test|translate|try|turn|update|upgrade|use|verify|work|write)\\b",
        "reassure": "(?:it'?s |that'?s |this is )?(?:no (?:problem|worries|matter)|not (?:a|an) (?:problem|issue)|"
        "fine\\b)|don'?t worry|(?:it |that )?(?:doesn'?t|does not) matter",
        "means": "(?:please |and |also |but |just )*(?:make sure|be sure|ensure|double-check|read (?!and\\b)|study )",
        "shelve": "forget (?:about )?the|(?:park|postpone|shelve|skip|drop|hold off (?:on|with)) (?:the|this|that|all)|"
        "leave the (?:\\w+ ){1,4}for (?:now|later)|can wait",
    },
    "id": {
        "temporary": "jangan [^.]*(?<!tanya )(?<!izin )dulu|untuk (?:sekarang|sementara)|sementara ini|(?<!mulai )saat ini|belum|kali ini",
        "dismiss": "abaikan|lewati|jangan|tidak usah|(?:ga|gak|nggak) usah|biar saya|nanti saja",
        "want": "tolong|mohon|saya (?:ingin|mau|butuh|perlu)|aku (?:ingin|mau|butuh)|(?:bisa|bisakah|dapatkah) (?:kamu|anda|kita)|"
        "kita (?:perlu|harus|akan)|mari|ayo|^\\W*(?:buat(?:kan)?|tambah(?:kan)?|perbaiki|ubah|ganti|hapus|periksa|cek|jalankan|tulis|"
        "bangun|pindahkan|jelaskan|cari)\\b",
        "reassure": "(?:tidak|ga|gak|nggak) (?:apa-apa|papa|masalah|ada masalah)|tenang|jangan khawatir",
        "means": "(?:tolong )?(?:pastikan|baca )",
        "shelve": "lupakan|tunda|lewati dulu|nanti saja",
    },
    "zh": {
        "temporary": "先(?:不|别)|暂时|目前|现在先|这次|本次|还不",
        "dismiss": "忽略|跳过|不用|不要|别|不必|我自己",
        "want": "请|帮(?:我|忙)|我(?:想|要|需要|希望)|我们(?:要|需要|来)|能(?:不能|否)|可以(?:帮|把|给)|"
        "^(?:把|将|给|创建|添加|增加|修复|修改|实现|检查|删除|移除|分析|写|编写|重构|优化|更新)",
        "reassure": "没(?:关系|问题|事)|不要紧|不用担心|无所谓",
        "means": "(?:请)?(?:先)?(?:确保|务必|阅读|仔细看)",
        "shelve": "先不(?:要|用|做|管)?|忘掉|忘了|推迟|以后再",
    },
    "ja": {
        "temporary": "まだ|今は|とりあえず|今回|一旦|ひとまず|現時点",
        "dismiss": "無視|スキップ|しないで|不要|しなくて|自分で",
        "want": "(?:て|で)(?:ください|下さい|ほしい|欲しい|もらえ|くれ)|お願い|たい(?:です|と思|。|$)|しましょう|必要があり|"
        "(?:を|に)(?:追加|作成|修正|実装|削除|変更|確認|調査|移行)(?:する|して|$)",
        "reassure": "問題(?:ない|ありません|なし)|大丈夫|構いません|気にしないで|心配",
        "means": "(?:必ず|まず)?[^。]{0,40}(?:を読んで|を確認して)(?:ください|下さい)",
        "shelve": "(?:は|を)(?:一旦|とりあえず|今は)?(?:忘れ|後回し|見送|やめ)",
    },
    "ko": {
        "temporary": "아직|지금은|일단|이번(?:에는?|만)|당분간",
        "dismiss": "무시|건너뛰|하지 ?마|필요 ?없|내가 ?직접|제가 ?직접",
        "want": "(?:해|어|아|려|여|줘|주세)(?: ?줘| ?주세요| ?주십시오)|하고 ?싶|싶(?:어|습니다|은데)|하자|부탁|필요(?:해|합니다)|만들자|해야",
        "reassure": "괜찮|문제 ?없|상관 ?없|걱정",
        "means": "(?:먼저 )?[^.]{0,40}(?:읽어|확인해) ?(?:줘|주세요)|반드시",
        "shelve": "(?:은|는|을|를) (?:일단 |지금은 )?(?:잊어|미루|나중에|보류)",
    },
    "ru": {
        "temporary": "пока(?: что)?(?! я не)|сейчас|ещё не|еще не|на этот раз|временно|поки|зараз",
        "dismiss": "игнорируй|пропусти|не надо|не нужно|не пушь|я сам|не треба|ігноруй",
        "want": "пожалуйста|(?:я )?хочу|(?:мне |нам )?(?:нужно|надо|необходимо|треба|потрібно)|давай(?:те)?|"
        "(?:можешь|можете|можеш|сможешь)|помоги|допоможи|хотелось бы|"
        "^\\W*(?:сделай|добавь|исправь|проверь|напиши|создай|удали|измени|замени|найди|перенеси|обнови|зроби|додай|виправ|перевір|напиши|"
        "створи|онови|надрукуй)",
        "reassure": "(?:это )?не (?:страшно|проблема|важно|беда|волнуйся|переживай)|ничего страшного|без проблем|"
        "нічого страшного|не хвилюйся",
        "means": "(?:сначала )?(?:убедись|убедитесь|прочитай|прочти|переконайся)",
        "shelve": "забудь(?:те)? (?:про|о)|отложи(?:м|те)?|пока без|забудь",
    },
    "de": {
        "temporary": "noch (?:nicht|kein\\w*)|vorerst|erst ?mal|fürs erste|im moment|momentan|diesmal|zunächst",
        "dismiss": "ignorier|überspring|lass|nicht|kein|mache ich selbst",
        "want": "bitte|(?:kannst|könntest|würdest) du|können (?:sie|wir)|ich (?:möchte|will|brauche|hätte gern)|wir (?:müssen|brauchen|"
        "wollen|sollten)|hilf mir|lass uns|"
        "^\\W*(?:baue?|erstelle?|füge?|ändere|behebe|korrigiere|prüfe|schreibe?|entferne|lösche|ersetze|implementiere|analysiere|mach)\\b",
        "reassure": "(?:das ist )?(?:kein(?:e)? (?:problem|thema|sorge)|nicht schlimm|egal\\b)|macht nichts|passt schon|schon gut",
        "means": "(?:bitte )?(?:stelle? sicher|achte darauf|lies\\b)",
        "shelve": "vergiss (?:erst ?mal )?d\\w+|verschieb\\w*|(?:das )?kann warten|lass d\\w+ (?:\\w+ ){1,3}(?:erst ?mal|vorerst|weg)",
    },
    "fr": {
        "temporary": "pas encore|pour (?:l'instant|le moment)|cette fois|provisoirement",
        "dismiss": "ignore|laisse|saute|ne \\w+ pas|pas de|pas besoin|moi-même",
        "want": "(?:s'il te|s'il vous) pla[iî]t|(?:peux|pourrais)-tu|tu (?:peux|pourrais)|pouvez-vous|je (?:veux|voudrais|souhaite)|"
        "j'(?:aimerais|ai besoin)|(?:nous|on) (?:devons|voudrait|aimerait)|aide-moi|"
        "^\\W*(?:ajoute|crée|corrige|modifie|supprime|vérifie|écris|remplace|implémente|analyse|fais|rédige|propose)[rz]?\\b",
        "reassure": "(?:ce n'est |c'est )?(?:pas (?:de |un )?(?:problème|souci|grave))|aucun (?:problème|souci)|"
        "peu importe|(?:ne )?t'inquiète",
        "means": "(?:assure-toi|assurez-vous|veille|lis|lisez)\\b",
        "shelve": "oublie[zr]? (?:pour l'instant )?l(?:e|a|')|laisse[zr]? tomber|(?:reporte|repousse)[zr]?|peut attendre",
    },
    "es": {
        "temporary": "todavía|aún no|por ahora|(?:de|por el) momento|esta vez",
        "dismiss": "ignora|omite|salta|no hagas|no hace falta|deja|yo mismo",
        "want": "por favor|(?:puedes|podrías|podemos)|quiero|quisiera|me gustaría|necesit(?:o|amos)|tenemos que|ayúdame|vamos a|"
        "^\\W*(?:agrega|añade|crea|corrige|arregla|cambia|modifica|elimina|revisa|verifica|escribe|reemplaza|implementa|analiza|haz)\\b",
        "reassure": "no (?:hay problema|es (?:un )?problema|pasa nada|importa\\b|te preocupes)|sin problema|da igual",
        "means": "(?:asegúrate|lee)\\b",
        "shelve": "olvida(?:te)? (?:de )?(?:el|la|los|las|l)?|deja (?:el|la|los|las)|pospón|puede esperar",
    },
    "pt": {
        "temporary": "ainda|por (?:enquanto|ora)|no momento|desta vez",
        "dismiss": "ignor[ae]|pul[ae]|não (?:precisa|faça|dê)|deixa|eu mesmo",
        "want": "por favor|(?:você |vc )?(?:pode|poderia|consegue)(?: me)? \\w+r\\b|quero|queria|gostaria|precis(?:o|amos)|"
        "temos que|me ajude|vamos|"
        "^\\W*(?:adicion[ae]|cri[ae]|corrij[ae]|corrige|alter[ae]|mud[ae]|remov[ae]|verifi(?:ca|que)|escrev[ae]|substitu[ai]|"
        "implement[ae]|analis[ae]|faça|faz)\\b",
        "reassure": "n[ãa]o (?:tem|h[áa]|[ée](?: um)?) problema|n[ãa]o (?:importa|se preocupe|faz mal)|sem problema|tudo bem|tranquilo",
        "means": "(?:certifique-se|garanta|leia)\\b",
        "shelve": "esquece[r]?|esqueça|deixa (?:o|a|os|as)|adia|pode esperar",
    },
    "it": {
        "temporary": "non ancora|per (?:ora|adesso|il momento)|al momento|(?:sta|questa )volta",
        "dismiss": "ignora|salta|lascia|non (?:serve|fare)|senza|faccio io",
        "want": "per favore|(?:puoi|potresti|possiamo)|voglio|vorrei|(?:ho|abbiamo) bisogno|dobbiamo|aiutami|"
        "^\\W*(?:aggiungi|crea|correggi|modifica|cambia|rimuovi|elimina|verifica|controlla|scrivi|sostituisci|implementa|analizza|fai)\\b",
        "reassure": "(?:non c'è|nessun|non è un) problema|non (?:importa|fa niente|ti preoccupare)|va bene così",
        "means": "(?:assicurati|leggi)\\b",
        "shelve": "(?:dimentica|lascia (?:perdere|stare)) (?:per ora )?(?:il|la|lo|i|gli|le|l)?|rimanda|può aspettare",
    },
    "vi": {
        "temporary": "(?<!khi )chưa|khoan|tạm thời|lúc này|(?<!từ )bây giờ|lần này",
        "dismiss": "bỏ qua|không cần|đừng|tự tôi|để tôi",
        "want": "hãy|giúp (?:tôi|mình|em)|(?:tôi|toi|mình|minh|em) (?:muốn|muon|cần|can)|vui lòng|chúng ta (?:cần|hãy)|làm ơn|"
        "^\\W*(?:thêm|tạo|sửa|xóa|kiểm tra|viết|thay|cập nhật|di chuyển|chuyển|phân tích)",
        "reassure": "không (?:sao|vấn đề|có vấn đề|quan trọng)|đừng lo|ổn thôi",
        "means": "(?:hãy )?(?:đảm bảo|đọc )",
        "shelve": "(?:tạm )?(?:quên|hoãn|gác)|để sau",
    },
    "tr": {
        "temporary": "henüz|şimdilik|bu sefer(?:lik)?|şu an(?:lık|da)?",
        "dismiss": "boş ver|gerek yok|atla|yapma|kendim",
        "want": "lütfen|(?:istiyorum|istiyoruz|isterim)|(?:gerek(?:iyor|li)?|lazım)|(?:yapabilir|edebilir|ekleyebilir) misin|"
        "yardım et|(?:ekle|oluştur|düzelt|değiştir|sil|kontrol et|yaz|incele|yap|kaldır)(?:in|ın|un|ün|elim|alım)?\\W*$",
        "reassure": "sorun (?:yok|değil)|önemli değil|merak etme|fark etmez",
        "means": "[^.]{0,60}(?:emin ol(?:un)?|oku(?:yun)?)\\W*$",
        "shelve": "(?:şimdilik )?(?:unut|ertele|bekleyebilir|boş ver)",
    },
    "ar": {
        "temporary": "ليس بعد|حالي[اً]+|(?<!من )الآن|في الوقت الحالي|هذه المرة|مؤقت[اً]*",
        "dismiss": "تجاهل|لا (?:داعي|تقم|تدفع)|دع|تخط",
        "want": "من فضلك|رجاء|(?:أريد|اريد|نريد|أحتاج|نحتاج)|هل (?:يمكنك|تستطيع)|ساعدني|يجب أن|"
        "^(?:أضف|اضف|أنشئ|انشئ|أصلح|اصلح|عدّ?ل|احذف|تحقق|اكتب|استبدل|حلل|قم ب)",
        "reassure": "لا (?:مشكلة|بأس|تقلق|يهم)|ليست مشكلة",
        "means": "(?:تأكد|اقرأ)",
        "shelve": "انس(?:ى)?|أج[ّ]?ل|اترك",
    },
}
