"""Phrases that open or close an agent's report, as data, one table a language; `phrases.pattern` compiles them.

`idle` offers help or any work at all, `instruct` opens a step for the person, `courtesy` only agrees with or greets the person, and `begin`
opens what the agent decides to do now.
"""

from __future__ import annotations

REPORT_PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "begin": "(?:and |so |ok(?:ay)?,? )?now,? (?:also |just |finally |simply |re-?)?(?:add|apply|build|check|clean|commit|confirm|"
        "convert|copy|"
        "create|delete|deploy|double-check|edit|ensure|extract|find|finish|fix|format|generate|get|go|handle|implement|inspect|install|"
        "integrate|look|make|merge|modify|move|open|patch|push|put|read|rebase|refactor|remove|rename|replace|restart|review|rewrite|run|"
        "save|search|set|start|submit|switch|test|try|update|use|validate|verify|view|wire|write)\\b|(?:it'?s )?time to |on to |"
        "moving on |back to (?:the|work)|onto ",
        "need": "(?:so |now |then |next,? |first,? )?(?:we|you)(?:'ll| will)? (?:also |still )?(?:need|have to|should|must)\\b",
        "hope": "[^.]{0,80}\\b(?:should|ought to) (?:now |then |all )?(?:be|work|run|pass|start|show|fix|resolve|function)",
        "courtesy": "you(?:'?re| are) (?:absolutely |totally |completely |quite )?right|you raise|good (?:point|catch|question|"
        "idea)|(?:that'?s|what) an? (?:great|good|excellent|fair) |your (?:\\w+ ){1,2}(?:is|are) (?:accurate|correct|"
        "right|good|great|valid)|understood|got it|no problem|(?:i )?apolog|sorry|bravo|congrat|welcome|glad|happy to|"
        "of course|certainly|absolutely|noted|(?:much|even|way) (?:better|cleaner|simpler)|(?:the|that|this|it|everything|all) (?:\\w+ )?"
        "(?:looks?|is|are) (?:good|great|fine|perfect|nice)\\b",
        "idle": "how (?:can|may|could|should) i (?:help|assist|be of)|what (?:would|do|can|should) (?:you|i) (?:like|want|do|"
        "help)[^?]{0,40}(?:next|today|work on|now|for you|do)\\W*$|what(?:'s| is| should be) next|any(?:thing| other| more| further|"
        " questions)|is there (?:any|some)thing|(?:need|want) (?:any|something) (?:else|more)|(?:something|anything) else|"
        "what can i do for you|where (?:would|should) (?:you|we) (?:like to )?(?:start|begin)\\W*$|does (?:this|that) help|"
        "make sense\\W*$|"
        "(?:want|would you like|shall i|should i)\\b[^?]*\\b(?:an?|some) (?:different|other|alternative)\\b|"
        "[^?]*\\banother (?:one|version|style|format|joke|variant|example)\\b"
        "|need (?:any |some |my )?(?:help|assistance)|(?:like|want) (?:me to )?help|any help",
        "instruct": "(?:you (?:can|need|should|must)|please|open|go to|click|select|paste|log in|sign in|enter|copy|navigate|choose|"
        "press|export|download|send me|tell me|share|`(?:git|npm|pnpm|yarn|cd|sudo|docker|make|python3?|pip|uv|go|cargo|bun|npx|curl|"
        "psql|rm|mv|cp) )",
    },
    "id": {
        "begin": "(?:mari|ayo) |(?:sekarang|lalu) (?:periksa|cek|jalankan|uji|tambah|buat|perbarui|hapus|ubah)",
        "need": "(?:kita|anda|kamu) (?:perlu|harus)",
        "hope": "[^.]{0,80}\\b(?:seharusnya|semestinya)",
        "courtesy": "anda benar|kamu benar|mengerti|dipahami|maaf|selamat|tentu|siap",
        "idle": "ada (?:yang |hal )?lain|apa (?:lagi|yang bisa saya bantu)|bisa saya bantu|ada yang bisa"
        "|(?:versi|gaya|format|contoh|bentuk) (?:yang )?(?:lain|berbeda)"
        "|(?:perlu|butuh) bantuan|mau (?:saya )?bantu",
        "instruct": "jalankan|buka|klik|pilih|salin|tempel|masukkan|silakan|kirim|hapus|tambahkan|ganti|unduh|periksa",
    },
    "zh": {
        "begin": "(?:现在|接下来|然后)?(?:开始|来)(?:检查|看|验证|测试|运行|修改|创建|更新)|(?:让)?我们(?:来|先|开始)",
        "need": "(?:我们|你|您)?(?:还|现在)?(?:需要|必须)",
        "hope": "[^。]{0,40}应该(?:可以|能|会|是|就)",
        "courtesy": "(?:你|您)(?:说得|是)?对|明白|收到|抱歉|对不起|没问题|当然|恭喜|好问题",
        "idle": "还有(?:什么|其他|别的)|(?:有什么|我)可以帮|能帮(?:你|您)|需要(?:我)?(?:帮|做)(?:你|您)?(?:什么|些什么)|想(?:做|要)什么"
        "|换(?:一个|个|成)|(?:另一个|别的|其他|不同的?)(?:版本|风格|格式|例子|样式)"
        "|需要(?:我的?|什么|任何)?(?:帮助|协助|帮忙)",
        "instruct": "请|运行|执行|打开|点击|选择|复制|粘贴|输入|修改|删除|添加|把|将|在.{1,20}(?:中|里|下)|下载|发(?:给|送)",
    },
    "ja": {
        "begin": "[^。]{0,40}(?:しましょう|始めましょう|見てみましょう)",
        "need": "[^。]{0,40}(?:する必要があり|しなければなり)",
        "hope": "[^。]{0,60}(?:はずです|でしょう)",
        "courtesy": "おっしゃる通り|ご指摘|承知|わかりました|分かりました|申し訳|すみません|もちろん|おめでとう|いい質問",
        "idle": "他に(?:何か)?|何か(?:お手伝い|お困り|ご質問)|お手伝い(?:でき|しま)|何をしますか|何をお"
        "|別の(?:もの|バージョン|形式|スタイル|例|案)"
        "|(?:手伝い|お手伝い|助け|サポート)(?:が|は)?(?:必要|いり|要り)",
        "instruct": "[^。]{0,60}(?:してください|て下さい|てください|を実行|を開く|を開き|をクリック|を選択|をコピー|を貼り付け)",
    },
    "ko": {
        "begin": "[^.]{0,40}(?:합시다|봅시다|시작합시다|해 ?보자)",
        "need": "[^.]{0,40}(?:해야 ?합니다|필요가 ?있)",
        "hope": "[^.]{0,60}(?:될|할|일) 것(?:입니다|이다)",
        "courtesy": "맞습니다|알겠습니다|죄송|물론|축하|좋은 (?:질문|지적)",
        "idle": "무엇을 도와|도와드릴까요|다른 (?:도움|질문|것)|더 (?:필요|궁금)|다른 (?:버전|형식|스타일|예시|방식)"
        "|도움이 (?:더 )?필요|도와 ?드릴까요",
        "instruct": "[^.]{0,60}(?:하세요|하십시오|해 ?주세요|실행|클릭|선택|입력|복사)",
    },
    "ru": {
        "begin": "(?:теперь |далее |затем )?(?:начн[её]м|провер(?:им|ь|яем)|посмотрим|запусти(?:м|ть)|"
        "перейд[её]м|почнемо|перевіримо|подивимось)",
        "need": "(?:нам|вам|тебе)? ?(?:теперь |ещё )?(?:нужно|надо|необходимо|потрібно|треба)",
        "hope": "[^.]{0,80}(?:должен|должна|должно|должны"
        "|повинен|повинна|повинно|повинні) (?:\\w+ )?(?:быть|работать|бути|працювати|запус)",
        "courtesy": "вы правы|ты прав|понял|понятно|конечно|извини|хороший вопрос|поздравля|дякую|зрозумі|вибач|звичайно",
        "idle": "чем (?:могу|ещё|еще)|что-нибудь (?:ещё|еще)|могу (?:ли )?(?:я )?(?:чем|помочь)|есть (?:ли )?(?:ещё|еще|вопрос)"
        "|(?:друг\\w+|інш\\w+) (?:вариант|верси|формат|стил|пример|варіант|версі|приклад)"
        "|нужна (?:ли )?(?:вам |тебе )?(?:помощь|допомога)|помочь (?:вам |тебе )?с|потрібна (?:вам |тобі )?допомога",
        "instruct": "[а-яёіїєґ]+(?:йте|ите|ьте|іть)(?:ся|сь)?\\b",
    },
    "de": {
        "begin": "(?:jetzt|nun|dann)? ?(?:beginnen|starten|prüfen|testen|schauen|sehen|fangen|gehen|machen) wir|weiter mit |auf zu",
        "need": "(?:wir|sie|du) (?:müssen|musst|sollten|solltest)",
        "hope": "[^.]{0,80}\\bsollten? (?:jetzt|nun|wieder|damit|funktion|laufen)",
        "courtesy": "(?:du hast|sie haben) recht|verstanden|natürlich|entschuldig|tut mir leid|gerne|glückwunsch|gute (?:frage|idee)",
        "idle": "(?:wie|womit|was) kann ich|(?:noch|sonst) (?:etwas|was|fragen)|was (?:möchten|möchtest|willst|"
        "soll)[^?]{0,30}(?:als nächstes|tun|machen)"
        "|andere[nrs]? (?:version|variante|format|stil|beispiel|form)"
        "|(?:brauchst|brauchen|benötig\\w+|möchte\\w*) (?:du|sie)(?: noch| dabei)? (?:hilfe|unterstützung)|"
        "(?:soll|kann) ich (?:dir|ihnen) (?:dabei )?helfen",
        "instruct": "(?:bitte |nun |dann )*(?:\\w+(?:en|ieren|eln|ern) sie|öffne|führe|klicke|wähle|kopiere|gib|starte|lösche|ändere|"
        "ersetze|füge|prüfe)\\b",
    },
    "fr": {
        "begin": "(?:maintenant,? |puis,? |d'abord,? )?(?:commen[cç]ons|passons|continuons|testons|lançons|créons|"
        "ajoutons|procédons|allons-y|voyons|essayons|poursuivons|démarrons)",
        "need": "(?:nous devons|vous devez|tu dois|il faut|on doit)",
        "hope": "[^.]{0,80}\\bdevr(?:ait|aient)\\b",
        "courtesy": "(?:tu as|vous avez) raison|compris|bien sûr|désolé|excuse|bravo|félicitations|parfait|bonne (?:question|idée)|"
        "excellent",
        "idle": "(?:comment|en quoi) puis-je|puis-je (?:vous|t')? ?(?:aider|faire)|autre chose|d'autres questions|que (?:voulez|veux|"
        "souhait)[^?]{0,30}(?:faire|ensuite)"
        "|autre (?:version|format|style|exemple|variante|forme)"
        "|besoin d(?:'|e l')aide|(?:voulez-vous|veux-tu|souhaitez-vous) (?:que je (?:vous |t')aide|de l'aide)",
        "instruct": "(?:\\w{3,}ez\\b|ouvre|lance|exécute|clique|copie|colle|ajoute|supprime|remplace|choisis|vérifie)",
    },
    "es": {
        "begin": "(?:ahora,? |luego,? )?(?:empecemos|comencemos|veamos|probemos|pasemos|sigamos|continuemos|verifiquemos|ejecutemos)",
        "need": "(?:tenemos que|debemos|necesitamos|hay que|debes|tienes que)",
        "hope": "[^.]{0,80}\\bdebería[ns]?\\b",
        "courtesy": "tienes razón|tiene razón|entendido|claro|por supuesto|disculpa|perdón|lo siento|felicidades|buena (?:pregunta|"
        "idea)|perfecto",
        "idle": "(?:en qué|cómo) (?:más )?(?:te |le )?puedo|(?:algo|alguna) (?:más|otra)|qué (?:quieres|deseas|te gustaría)"
        "|otr[oa] (?:versión|formato|estilo|ejemplo|variante|forma)"
        "|(?:necesitas?|necesita|quieres?) (?:\\w+ )?ayuda|te ayud[eo] con",
        "instruct": "(?:ejecut[ae]|abr[ae]|haz|haga|copi[ae]|peg[ae]|selecciona|seleccione|eli[gj]e|elija|elimina|elimine|reemplaza|"
        "reemplace|agrega|agregue|añad[ae]|verifi(?:ca|que)|envía(?:me)?)\\b",
    },
    "pt": {
        "begin": "(?:agora,? |depois,? )?(?:comecemos|começando|vejamos|testemos|passemos|continuemos|verifiquemos)|hora de ",
        "need": "(?:temos que|temos de|precisamos|devemos|é preciso|você precisa)",
        "hope": "[^.]{0,80}\\bdeveria(?:m)?\\b|[^.]{0,80}\\bdeve (?:agora )?(?:funcionar|estar)",
        "courtesy": "você tem razão|tem razão|entendido|entendi|claro|com certeza|desculp|parabéns|boa (?:pergunta|ideia)|perfeito",
        "idle": "(?:como|em que|no que) posso|(?:algo|alguma) (?:mais|outra)|mais alguma|o que (?:você )?(?:quer|deseja|gostaria)"
        "|outr[oa] (?:versão|formato|estilo|exemplo|variante|forma)"
        "|(?:precisa|quer|gostaria de) (?:de )?(?:\\w+ )?ajuda|(?:quer|gostaria) que eu (?:te |o |a )?ajude",
        "instruct": "(?:execut[ae]|abr[ae]|copi[ae]|col[ae]|cole|selecione|escolha|remova|substitua|adicione|verifique|rode|envie|"
        "clique)\\b",
    },
    "it": {
        "begin": "(?:ora,? |adesso,? |poi,? )?(?:cominciamo|iniziamo|passiamo|proviamo|continuiamo|procediamo|eseguiamo|testiamo)",
        "need": "(?:dobbiamo|bisogna|devi|occorre|abbiamo bisogno)",
        "hope": "[^.]{0,80}\\bdovrebbe(?:ro)?\\b",
        "courtesy": "hai ragione|ha ragione|capito|certo|certamente|scusa|mi dispiace|complimenti|buona (?:domanda|idea)|perfetto",
        "idle": "(?:come|in cosa) posso|(?:qualcos'?altro|altre domande)|(?:cosa|che cosa) (?:vuoi|vuole|desideri)"
        "|(?:un'?)?altr[oa] (?:versione|formato|stile|esempio|variante|forma)"
        "|(?:bisogno di|serve|vuoi|ti serve) (?:un |qualche )?aiuto|vuoi che ti aiuti",
        "instruct": "(?:esegui|apri|copia|incolla|seleziona|scegli|rimuovi|sostituisci|aggiungi|verifica|clicca|invia(?:mi)?|avvia)\\b",
    },
    "vi": {
        "begin": "(?:bây giờ |tiếp theo,? )?(?:hãy )?(?:bắt đầu (?:với|bằng)|chuyển sang|tiếp tục với)",
        "need": "(?:chúng ta|bạn) (?:cần|phải)",
        "hope": "[^.]{0,80}(?:có lẽ|chắc là|lẽ ra)",
        "courtesy": "bạn (?:nói )?đúng|đã hiểu|tất nhiên|xin lỗi|chúc mừng|câu hỏi hay|vâng",
        "idle": "(?:tôi|mình) có thể (?:giúp|hỗ trợ)|còn (?:gì|điều gì)|(?:gì|việc) (?:khác|nữa)|bạn muốn (?:làm )?gì"
        "|(?:phiên bản|kiểu|định dạng|ví dụ|dạng) khác"
        "|cần (?:tôi )?(?:giúp|hỗ trợ|trợ giúp)",
        "instruct": "(?:hãy|vui lòng|chạy|mở|nhấp|chọn|sao chép|dán|nhập|xóa|thêm|thay|kiểm tra|gửi)\\b",
    },
    "tr": {
        "begin": "(?:şimdi |önce )?[^.]{0,40}(?:başlayalım|bakalım|deneyelim|geçelim|devam edelim|kontrol edelim)",
        "need": "[^.]{0,60}(?:gerekiyor|lazım)",
        "hope": "[^.]{0,80}(?:malı|meli)(?:dır|dir)?\\b",
        "courtesy": "haklısın|anlaşıldı|anladım|elbette|tabii|özür|tebrikler|güzel (?:soru|fikir)",
        "idle": "(?:nasıl|size|sana|başka) (?:nasıl )?(?:yardımcı|bir)|başka (?:bir şey|soru)|ne yapmak ister"
        "|(?:başka|farklı) bir (?:sürüm|biçim|format|stil|örnek|şekil)"
        "|yardım(?:a)? (?:ister|ihtiyac|gerek|lazım)|yardım(?:cı)? (?:ed|ol)(?:eyim|ayım) m[iı]",
        "instruct": "[^.]{0,60}(?:çalıştır(?:ın)?|aç(?:ın)?|tıkla(?:yın)?|seç(?:in)?|kopyala(?:yın)?|yapıştır(?:ın)?|girin|sil(?:in)?|"
        "ekle(?:yin)?)\\b",
    },
    "ar": {
        "begin": "(?:الآن )?(?:لنبدأ|لننتقل|لنتحقق|لنجرب|هيا|فلنبدأ|لنواصل)",
        "need": "(?:علينا|يجب (?:علينا )?أن|نحتاج|تحتاج)",
        "hope": "[^.]{0,60}(?:ينبغي|من المفترض) أن",
        "courtesy": "أنت محق|معك حق|فهمت|مفهوم|بالطبع|عذرا|آسف|تهانينا|سؤال جيد",
        "idle": "كيف (?:يمكنني|أستطيع)|هل (?:هناك|تحتاج) (?:شيء|أي|إلى شيء)|أي شيء آخر|ماذا تريد"
        "|(?:نسخة|صيغة|أسلوب|مثال|شكل) (?:أخرى|آخر|مختلف)"
        "|(?:تحتاج|بحاجة|هل تريد)(?: إلى)? (?:أي |ال)?مساعدة",
        "instruct": "(?:قم |شغ?ّ?ل|افتح|انقر|اختر|انسخ|الصق|أدخل|احذف|أضف|استبدل|تحقق|نفّ?ذ|أرسل)",
    },
}
