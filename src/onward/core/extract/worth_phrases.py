"""Phrases that affect the worth of a sentence, as data, one table a language; `phrases.pattern` compiles them.

`address` speaks to the person, `reason` gives a reason, limit or condition, `passed` says that tests pass, `guess` says what is possible,
`sound` says that something is correct, `ahead` announces the next act during the work, `boast` praises without a measure, and `plan` says
what a file or the agent will do. `dangle` begins with a word for something mentioned before, and `join` connects to it.
"""

from __future__ import annotations

WORTH_PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "address": "you|your|yours|yourself|you'(?:re|ve|ll|d)",
        "reason": "because|since|so that|instead of|rather than|only|must|cannot|can'?t|never|always|unless|except|deferred|by design|"
        "on purpose|in order to|to avoid",
        "dangle": "it|this|that|these|those|they|both|he|she|which|such|here|the former|the latter",
        "join": "actually|wait|hmm|on second thought|hold on|but|however|also|and|then|specifically|otherwise|additionally|"
        "moreover|furthermore",
        "sound": "acceptable|(?:is|are) (?:all )?(?:fine|ok|okay)|looks? (?:good|correct|right|fine)|(?:which|that|"
        "this) is (?:correct|right|good|expected|intentional)|right (?:choice|call)|adequately|appropriately|"
        "well[- ](?:structured|designed|written|organi[sz]ed|tested|documented)|idiomatic|good practice",
        "ahead": "(?:the )?next (?:step|task|thing)s? (?:is|are|will|would)|now that|before \\w+ing|having \\w+ed",
        "guess": "would|could|might|may|maybe|perhaps|potentially|likely",
        "passed": "\\d+ (?:[\\w-]+ ){0,3}(?:tests?|checks?|specs?)(?: \\w+){0,3} pass\\w*|tests?(?: \\w+)? pass\\w*|"
        "pass\\w* (?:\\w+ ){0,3}\\d+ (?:\\w+ )?tests?|\\d+/\\d+ (?:\\w+ ){0,2}(?:pass\\w*|green)",
        "boast": "crystal clear|fully (?:functional|operational|implemented|integrated)|production[- ]ready|works? (?:perfectly|"
        "flawlessly|seamlessly|beautifully|great)|seamless(?:ly)?|clear path|accurately reflects?|(?:ready|"
        "good) to (?:go|use)|everything (?:is )?(?:works?|working|in place)|working nicely|"
        "nothing (?:else )?(?:is )?(?:missing|to do)|all set|clean and (?:simple|modern|maintainable)",
        "plan": "(?:this|the|these|each) (?:new )?(?:file|module|class|function|component|script|service|page|method|"
        "package)s? will|i(?:'ll| will) (?:start|begin|create|implement|build|update|add|write)",
    },
    "id": {
        "address": "anda|kamu|silakan",
        "reason": "karena|sebab|supaya|agar|daripada|bukannya|hanya|harus|wajib|tidak (?:boleh|bisa|dapat)|selalu|kecuali|ditunda|"
        "menghindari",
        "dangle": "ini|itu|hal (?:ini|itu)|mereka|keduanya|tersebut",
        "join": "eh|tunggu|sebenarnya|tapi|tetapi|namun|juga|dan|lalu|kemudian|selain itu",
        "sound": "dapat diterima|sudah (?:baik|tepat|benar)|tidak masalah|terstruktur (?:dengan )?baik|praktik (?:yang )?baik",
        "ahead": "langkah (?:selanjutnya|berikutnya)|setelah itu|sebelum (?:me|ber)\\w+",
        "guess": "mungkin|barangkali|sepertinya|bisa jadi",
        "passed": "(?:tes|uji|pengujian)\\b[^.;]{0,25}(?:lulus|lolos|berhasil)|(?:lulus|lolos)[^.;]{0,15}\\d+ (?:tes|uji)",
        "boast": "berfungsi (?:penuh|sepenuhnya|sempurna|dengan (?:baik|sempurna))|siap (?:pakai|produksi|digunakan)|"
        "sangat jelas|semuanya (?:sudah )?(?:beres|berjalan|siap)",
        "plan": "(?:berkas|file|modul|kelas|fungsi|komponen|skrip|layanan) ini akan|saya akan (?:mulai|membuat|menambah|"
        "memperbarui|menulis)",
    },
    "zh": {
        "address": "你|您|请",
        "reason": "因为|由于|所以|而不是|只|仅|必须|不能|不得|不可|始终|总是|除非|以便|避免|推迟",
        "dangle": "这|那|它|此",
        "join": "等等|等一下|其实|不对|但|不过|然而|而且|另外|然后|此外",
        "sound": "可以接受|没有?问题|是(?:正确|合理)的|结构(?:良好|清晰)|设计(?:良好|合理)|符合(?:惯例|规范)|良好的?实践",
        "ahead": "下一步|接下来|在\\S{1,12}之前",
        "guess": "可能|也许|或许|大概",
        "passed": "测试[^。；]{0,12}通过|通过[^。；]{0,12}测试",
        "boast": "完全(?:可用|正常|实现|就绪)|完美(?:运行|工作)|生产就绪|一目了然|非常清晰|一切(?:就绪|正常)|无缝",
        "plan": "(?:该|这个|此|本)(?:文件|模块|类|函数|组件|脚本|服务)(?:将|会)|我(?:将|会)(?:开始|创建|实现|更新|添加)",
    },
    "ja": {
        "address": "あなた|ください|下さい|お願い|ましょう",
        "reason": "ため|ので|のみ|だけ|ではなく|代わりに|必ず|必要があ|できない|できません|常に|以外|避け|見送",
        "dangle": "これ|それ|あれ|この|その|両方",
        "join": "待って|いや|実は|しかし|ただし|また|そして|さらに|なお",
        "sound": "問題(?:ありません|ない|なし)|許容|適切です|正しいです|よく(?:設計|構成|整理)|良い(?:設計|実践)",
        "ahead": "次(?:の|に)|[^。]{0,30}(?:前に|次のステップ)",
        "guess": "かもしれ|可能性|おそらく|でしょう",
        "passed": "テスト[^。]{0,15}(?:通|成功|パス)|(?:通過|成功|パス)[^。]{0,10}テスト",
        "boast": "完全に(?:動作|機能|実装)|完璧に|本番環境(?:に|で)対応|非常に明確|すべて(?:正常|整い|準備)|シームレス",
        "plan": "この(?:ファイル|モジュール|クラス|関数|コンポーネント|スクリプト|サービス)(?:は|が)[^。]{0,40}(?:ます|予定)|これから[^。]{0,20}(?:作成|実装|開始)",
    },
    "ko": {
        "address": "당신|하세요|주세요|십시오|세요",
        "reason": "때문|므로|위해|대신|아니라|만 |반드시|해야|할 수 없|불가|항상|제외|피하|보류",
        "dangle": "이는|이것|그것|저것|둘 다",
        "join": "잠깐|아니|사실|하지만|그러나|또한|그리고",
        "sound": "문제(?:가)? 없|허용(?:할 수|됩)|적절합니다|올바릅니다|잘 (?:설계|구성|작성|구조화)",
        "ahead": "다음 ?(?:단계|으로)|[^.]{0,30}하기 전에",
        "guess": "수도 있|아마|가능성|것 같",
        "passed": "테스트[^.]{0,15}통과|통과[^.]{0,10}테스트",
        "boast": "완전히 (?:작동|동작|구현)|완벽(?:하게|히)|프로덕션 준비|매우 명확|모든 것이 (?:정상|준비)|원활하게",
        "plan": "이 (?:파일|모듈|클래스|함수|컴포넌트|스크립트|서비스)(?:은|는|이|가)[^.]{0,40}(?:할 것|될 것|예정)|제가 [^.]{0,20}(?:시작하겠|만들겠|추가하겠)",
    },
    "ru": {
        "address": "вы|вам|вас|вами|ваш\\w*|ты|тебе|тебя|тобой|тво\\w+|(?:можете|можешь|хотите|хочешь)",
        "reason": "потому|так как|поскольку|поэтому|чтобы|вместо|только|лишь|должн\\w+|нельзя|невозможно|никогда|всегда|кроме|избежать|"
        "отложен\\w*|бо|оскільки|замість|тільки|лише|завжди|ніколи",
        "dangle": "это|этот|эта|эти|он|она|они|оно|оба|це|цей|ця|ці|він|вона|вони",
        "join": "стоп|подожди|погоди|на самом деле|стривай|насправді|но|однако|также|и|затем|кроме того|але|однак|також|та|крім того",
        "sound": "приемлем\\w*|это нормально|хорошо (?:структурирован|написан|спроектирован|организован)\\w*|прийнятн\\w*|"
        "добре (?:структурован|написан)\\w*",
        "ahead": "следующ\\w+ шаг|перед тем|прежде чем|теперь, когда|наступн\\w+ крок|перш ніж",
        "guess": "возможно|может быть|вероятно|наверное|мог(?:ла|ло|ли)? бы|можливо|ймовірно|мабуть",
        "passed": "тест\\w*[^.;]{0,25}(?:прош\\w+|проход\\w+|успешн\\w+)|(?:прош\\w+|проход\\w+)[^.;]{0,15}тест\\w*",
        "boast": "полностью (?:функционал|работоспособ|готов|реализован|функціонал|працездат)\\w*|кристально ясно|(?:работает|"
        "працює) (?:идеально|безупречно|ідеально)|готов\\w* к (?:работе|продакшену)|вс[её] готово|усе готово",
        "plan": "(?:этот|эта|данный|цей|ця) (?:файл|модуль|класс|клас|функция|функція|компонент|скрипт|сервис|сервіс) (?:будет|"
        "буде)|я (?:начну|создам|добавлю|обновлю|реализую|почну|створю)",
    },
    "de": {
        "address": "du|dir|dich|dein\\w*|ihnen|euch|euer|eure\\w*|(?:können|sollten|möchten|müssen|wollen|haben) sie",
        "reason": "weil|denn|damit|statt|anstatt|anstelle|nur|muss|müssen|kann nicht|können nicht|nie|niemals|immer|außer|um zu|"
        "zurückgestellt|absichtlich|vermeide\\w*",
        "dangle": "es|das (?:ist|war|wird|hat|kann|sollte|bedeutet)|dies\\w*|jene\\w*|sie|er|beide",
        "join": "moment|warte|eigentlich|halt|aber|jedoch|allerdings|auch|und|dann|außerdem",
        "sound": "akzeptabel|in ordnung|ist (?:gut|richtig|korrekt)|gut (?:strukturiert|geschrieben|entworfen|getestet|"
        "dokumentiert)|angemessen|idiomatisch",
        "ahead": "(?:der )?nächste\\w* schritt|bevor|nachdem|jetzt,? (?:da|wo)",
        "guess": "könnten?|möglicherweise|vielleicht|vermutlich|wahrscheinlich|eventuell",
        "passed": "tests?\\b[^.;]{0,20}(?:bestanden|bestehen|grün|laufen durch)|(?:bestanden|bestehen)[^.;]{0,15}tests?",
        "boast": "voll(?:ständig)? (?:funktionsfähig|einsatzbereit|implementiert|integriert)|produktionsreif|glasklar|"
        "kristallklar|funktioniert (?:perfekt|einwandfrei|tadellos)|nahtlos|alles (?:ist )?(?:bereit|startklar)|"
        "einsatzbereit",
        "plan": "(?:diese|dieses|dieser|die|das) (?:datei|modul|klasse|funktion|komponente|skript|dienst) wird|"
        "ich werde [^.]{0,40}(?:beginnen|erstellen|hinzufügen|aktualisieren|umsetzen|schreiben)",
    },
    "fr": {
        "address": "vous|votre|vos|tu|te|toi|ton|tes|peux-tu|veux-tu",
        "reason": "parce que?|car|puisque|afin|au lieu|plutôt que?|seulement|uniquement|doit|doivent|ne (?:peut|peuvent|doit|doivent)|"
        "jamais|toujours|sauf|éviter|reporté\\w*",
        "dangle": "cela|ça|ceci|cet|cette|ces|c'est|il|elle|ils|elles|les deux",
        "join": "attends|attendez|en fait|mais|cependant|toutefois|aussi|et|puis|de plus",
        "sound": "acceptable|c'est (?:bon|correct|normal)|bien (?:structuré|conçu|écrit|organisé|testé|documenté)\\w*|"
        "approprié\\w*|bonne pratique|idiomatique",
        "ahead": "(?:la )?prochaine étape|l'étape suivante|avant de|maintenant que",
        "guess": "pourrai(?:t|ent)|peut-être|probablement|éventuellement|sans doute",
        "passed": "tests?\\b[^.;]{0,20}(?:pass\\w+|réussi\\w*|ok\\b)|(?:réussi\\w*|pass\\w+)[^.;]{0,15}tests?",
        "boast": "(?:pleinement|entièrement|totalement) (?:fonctionnel|opérationnel|implémenté|intégré)\\w*|"
        "pr[êe]te?s? pour la production|limpide|fonctionne (?:parfaitement|à merveille)|tout est (?:prêt|en place)",
        "plan": "ce (?:fichier|module|composant|script|service) (?:va|sera|gérera|contiendra)|cette (?:classe|fonction) (?:va|"
        "sera|gérera)|je vais (?:commencer|créer|ajouter|mettre à jour|écrire)",
    },
    "es": {
        "address": "tú|te|ti|tu|tus|usted(?:es)?|puedes|puede usted|quieres|deseas",
        "reason": "porque|ya que|puesto que|para que|en (?:vez|lugar) de|solo|sólo|solamente|únicamente|debe\\w*|no (?:puede\\w*|se puede)|"
        "nunca|siempre|salvo|excepto|evitar|aplazad\\w+",
        "dangle": "esto|eso|este|esta|estos|estas|ello|ellos|ambos",
        "join": "espera|un momento|en realidad|pero|sin embargo|también|y|luego|además",
        "sound": "aceptable|está bien|es (?:correcto|adecuado|apropiado)|bien (?:estructurad|diseñad|escrit|organizad|probad)\\w*|"
        "buena práctica|idiomátic\\w*",
        "ahead": "(?:el )?(?:siguiente|próximo) paso|antes de|ahora que",
        "guess": "podrían?|quizás?|tal vez|probablemente|posiblemente|a lo mejor",
        "passed": "(?:pruebas?|tests?)\\b[^.;]{0,20}(?:pasa\\w*|exitos\\w+|correct\\w+)|pasa\\w*[^.;]{0,15}(?:pruebas?|tests?)",
        "boast": "(?:totalmente|completamente|plenamente) (?:funcional|operativ[oa]|implementad[oa]|integrad[oa])|"
        "list[oa]s? para (?:producción|usar)|clarísim[oa]|funciona (?:perfectamente|a la perfección)|"
        "todo (?:está )?(?:listo|en su lugar)",
        "plan": "este (?:archivo|fichero|módulo|componente|script|servicio) (?:va a|será|manejará|contendrá)|esta (?:clase|"
        "función) (?:va a|será)|voy a (?:empezar|crear|añadir|actualizar|escribir)",
    },
    "pt": {
        "address": "você|vocês|tu|te|teu|tua|pode (?:usar|rodar|executar|testar|verificar)|quer que",
        "reason": "porque|pois|já que|para que|em vez|ao invés|só|somente|apenas|deve\\w*|não (?:pode\\w*|é possível)|nunca|sempre|"
        "exceto|salvo|evitar|adiad\\w+",
        "dangle": "isso|isto|este|esta|esse|essa|ele|ela|eles|elas|ambos",
        "join": "espera|espere|na verdade|mas|porém|no entanto|também|e|além disso",
        "sound": "aceitável|está (?:bom|ok|correto)|é (?:correto|adequado|apropriado)|bem (?:estruturad|projetad|escrit|organizad|"
        "testad)\\w*|boa prática|idiomátic\\w*",
        "ahead": "(?:o )?próximo passo|antes de|agora que",
        "guess": "poderiam?|talvez|provavelmente|possivelmente|quiçá",
        "passed": "testes?\\b[^.;]{0,20}(?:pass\\w+|aprovad\\w+)|(?:passa\\w+)[^.;]{0,15}testes?",
        "boast": "(?:totalmente|completamente|plenamente) (?:funcional|operacional|implementad[oa]|integrad[oa])|"
        "pront[oa]s? para (?:produção|uso|usar)|claríssim[oa]|funciona (?:perfeitamente)|tudo (?:está )?(?:pronto|"
        "certo|no lugar)",
        "plan": "este (?:arquivo|ficheiro|módulo|componente|script|serviço) (?:vai|irá|será)|esta (?:classe|função) (?:vai|irá|"
        "será)|(?:eu )?vou (?:começar|criar|adicionar|atualizar|escrever)",
    },
    "it": {
        "address": "tu|ti|te|tuo|tua|tuoi|puoi|vuoi|lei può|voi|vi",
        "reason": "perché|poiché|dato che|affinché|invece|anziché|solo|soltanto|solamente|deve|devono|non (?:può|possono|si può)|mai|"
        "sempre|tranne|eccetto|evitare|rinviat\\w+",
        "dangle": "questo|questa|questi|queste|ciò|esso|essi|entrambi",
        "join": "aspetta|in realtà|ma|però|tuttavia|anche|e|poi|inoltre",
        "sound": "accettabile|va bene|è (?:corretto|adeguato|appropriato)|ben (?:strutturat|progettat|scritt|organizzat|"
        "testat)\\w*|buona pratica|idiomatic\\w*",
        "ahead": "(?:il )?prossimo passo|prima di|ora che",
        "guess": "potrebber?o?|forse|probabilmente|magari|eventualmente",
        "passed": "test\\b[^.;]{0,20}(?:passa\\w*|superat\\w*)|(?:passa\\w*|superat\\w*)[^.;]{0,15}test",
        "boast": "(?:pienamente|completamente|totalmente) (?:funzionant|operativ|implementat|integrat)\\w*|"
        "pront[oaie] per (?:la produzione|l'uso)|chiarissim[oa]|funziona (?:perfettamente|alla perfezione)|"
        "tutto (?:è )?(?:pronto|a posto)",
        "plan": "questo (?:file|modulo|componente|script|servizio) (?:sarà|gestirà|conterrà)|questa (?:classe|"
        "funzione) (?:sarà|gestirà)|(?:inizierò|creerò|aggiungerò|aggiornerò|scriverò)",
    },
    "vi": {
        "address": "bạn|anh ơi|hãy|vui lòng",
        "reason": "vì|bởi vì|do đó|để tránh|thay vì|chỉ|phải|không thể|không được|luôn|luôn luôn|không bao giờ|trừ|ngoại trừ|hoãn",
        "dangle": "điều này|nó|này|đó|chúng|cả hai",
        "join": "khoan|chờ đã|thực ra|nhưng|tuy nhiên|cũng|và|sau đó|ngoài ra",
        "sound": "chấp nhận được|không (?:có )?vấn đề|là (?:đúng|hợp lý|ổn)|(?:thiết kế|cấu trúc|tổ chức|viết) tốt",
        "ahead": "bước tiếp theo|trước khi|bây giờ",
        "guess": "có thể|có lẽ|có khả năng|chắc là",
        "passed": "(?:kiểm thử|test|bài test)[^.;]{0,20}(?:đạt|qua|thành công|pass)",
        "boast": "hoạt động (?:hoàn hảo|hoàn toàn|trơn tru)|sẵn sàng (?:cho sản xuất|sử dụng|triển khai)|hoàn toàn rõ ràng|"
        "mọi thứ (?:đã )?(?:sẵn sàng|ổn)",
        "plan": "(?:tệp|tập tin|file|mô-đun|lớp|hàm|thành phần|dịch vụ) này sẽ|tôi sẽ (?:bắt đầu|tạo|thêm|cập nhật|viết)",
    },
    "tr": {
        "address": "sen|siz|size|sana|sizin|senin|\\w+(?:abilirsiniz|ebilirsiniz|abilirsin|ebilirsin|malısınız|melisiniz)|lütfen",
        "reason": "çünkü|zira|için|yerine|sadece|yalnızca|ancak|zorunlu\\w*|\\w+m(?:alı|eli)(?:dır|dir)?|asla|hiçbir zaman|her zaman|"
        "hariç|dışında|ertelen\\w+|önlemek",
        "dangle": "bu|bunlar|şu|onlar|her ikisi",
        "join": "bekle|aslında|ama|ancak|fakat|ayrıca|ve|sonra",
        "sound": "kabul edilebilir|sorun (?:yok|değil)|(?:doğru|uygun)dur|iyi (?:yapılandırılmış|tasarlanmış|yazılmış|düzenlenmiş)",
        "ahead": "(?:bir )?sonraki adım|sıradaki adım|\\w+m(?:adan|eden) önce|artık",
        "guess": "\\w+(?:abilir|ebilir)|belki|muhtemelen|olasılıkla",
        "passed": "test\\w*[^.;]{0,20}(?:geçti|geçiyor|başarılı)|(?:geçti|başarılı)[^.;]{0,15}test\\w*",
        "boast": "tamamen (?:çalışıyor|işlevsel|hazır)|tam(?:amıyla)? işlevsel|kusursuz (?:çalışıyor|şekilde)|kullanıma hazır|"
        "üretime hazır|her şey (?:hazır|yolunda)",
        "plan": "bu (?:dosya|modül|sınıf|fonksiyon|bileşen|betik|servis)\\b[^.]{0,60}(?:acak|ecek)\\w*|(?:başlayacağım|"
        "oluşturacağım|ekleyeceğim|güncelleyeceğim|yazacağım)",
    },
    "ar": {
        "address": "يمكنك|عليك|تريد|ترغب|لديك|لك |من فضلك|يرجى",
        "reason": "لأن|بسبب|حتى لا|لكي|بدلا|بدلاً|فقط|يجب|لا يمكن|لا يجوز|أبدا|أبداً|دائما|دائماً|إلا|لتجنب|تأجيل",
        "dangle": "هذا|هذه|ذلك|تلك|هو|هي|هم|كلاهما",
        "join": "انتظر|مهلا|في الواقع|لكن|ومع ذلك|أيضا|أيضاً|ثم|بالإضافة",
        "sound": "مقبول|لا (?:بأس|مشكلة)|(?:منظم|مصمم|مكتوب) جيد",
        "ahead": "الخطوة (?:التالية|القادمة)|قبل أن|بعد أن|الآن بعد",
        "guess": "قد |ربما|يحتمل|من المحتمل",
        "passed": "(?:اختبار|الاختبارات|اختبارات)[^.؛]{0,20}(?:نجح|اجتاز|ناجح)|(?:نجح|اجتاز)[^.؛]{0,15}(?:اختبار|الاختبار)",
        "boast": "(?:يعمل|تعمل) (?:بشكل (?:كامل|مثالي)|بالكامل|بسلاسة)|جاهز(?:ة)? (?:للإنتاج|للاستخدام)|واضح(?:ة)? تماما|"
        "كل شيء (?:جاهز|يعمل)",
        "plan": "(?:هذا الملف|هذه الوحدة|هذه الدالة|هذا المكون|هذه الخدمة) (?:سوف|س)|سأ(?:بدأ|نشئ|ضيف|كتب|قوم)",
    },
}
