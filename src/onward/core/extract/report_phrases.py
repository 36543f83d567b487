"""Phrases with which an agent closes a report, as data, one table a language: an offer of any work at all (`idle`), and how a step
opens that the person is to take (`instruct`). They are read by `phrases.pattern`.
"""

from __future__ import annotations

REPORT_PHRASES: dict[str, dict[str, str]] = {
    "en": {
        "idle": "how (?:can|may|could|should) i (?:help|assist|be of)|what (?:would|do|can|should) (?:you|i) (?:like|want|do|"
        "help)[^?]{0,40}(?:next|today|work on|now|for you|do)\\W*$|what(?:'s| is| should be) next|any(?:thing| other| more| further|"
        " questions)|is there (?:any|some)thing|(?:need|want) (?:any|something) (?:else|more)|(?:something|anything) else|"
        "what can i do for you|where (?:would|should) (?:you|we) (?:like to )?(?:start|begin)\\W*$|does (?:this|that) help|"
        "make sense\\W*$",
        "instruct": "(?:you (?:can|need|should|must)|please|open|go to|click|select|paste|log in|sign in|enter|copy|navigate|choose|"
        "press|export|download|send me|tell me|share|`(?:git|npm|pnpm|yarn|cd|sudo|docker|make|python3?|pip|uv|go|cargo|bun|npx|curl|"
        "psql|rm|mv|cp) )",
    },
    "id": {
        "idle": "ada (?:yang |hal )?lain|apa (?:lagi|yang bisa saya bantu)|bisa saya bantu|ada yang bisa",
        "instruct": "jalankan|buka|klik|pilih|salin|tempel|masukkan|silakan|kirim|hapus|tambahkan|ganti|unduh|periksa",
    },
    "zh": {
        "idle": "还有(?:什么|其他|别的)|(?:有什么|我)可以帮|能帮(?:你|您)|需要(?:我)?(?:帮|做)(?:你|您)?(?:什么|些什么)|想(?:做|要)什么",
        "instruct": "请|运行|执行|打开|点击|选择|复制|粘贴|输入|修改|删除|添加|把|将|在.{1,20}(?:中|里|下)|下载|发(?:给|送)",
    },
    "ja": {
        "idle": "他に(?:何か)?|何か(?:お手伝い|お困り|ご質問)|お手伝い(?:でき|しま)|何をしますか|何をお",
        "instruct": "[^。]{0,60}(?:してください|て下さい|てください|を実行|を開く|を開き|をクリック|を選択|をコピー|を貼り付け)",
    },
    "ko": {
        "idle": "무엇을 도와|도와드릴까요|다른 (?:도움|질문|것)|더 (?:필요|궁금)",
        "instruct": "[^.]{0,60}(?:하세요|하십시오|해 ?주세요|실행|클릭|선택|입력|복사)",
    },
    "ru": {
        "idle": "чем (?:могу|ещё|еще)|что-нибудь (?:ещё|еще)|могу (?:ли )?(?:я )?(?:чем|помочь)|есть (?:ли )?(?:ещё|еще|вопрос)",
        "instruct": "[а-яёіїєґ]+(?:йте|ите|ьте|іть)(?:ся|сь)?\\b",
    },
    "de": {
        "idle": "(?:wie|womit|was) kann ich|(?:noch|sonst) (?:etwas|was|fragen)|was (?:möchten|möchtest|willst|"
        "soll)[^?]{0,30}(?:als nächstes|tun|machen)",
        "instruct": "(?:bitte |nun |dann )*(?:\\w+(?:en|ieren|eln|ern) sie|öffne|führe|klicke|wähle|kopiere|gib|starte|lösche|ändere|"
        "ersetze|füge|prüfe)\\b",
    },
    "fr": {
        "idle": "(?:comment|en quoi) puis-je|puis-je (?:vous|t')? ?(?:aider|faire)|autre chose|d'autres questions|que (?:voulez|veux|"
        "souhait)[^?]{0,30}(?:faire|ensuite)",
        "instruct": "(?:\\w{3,}ez\\b|ouvre|lance|exécute|clique|copie|colle|ajoute|supprime|remplace|choisis|vérifie)",
    },
    "es": {
        "idle": "(?:en qué|cómo) (?:más )?(?:te |le )?puedo|(?:algo|alguna) (?:más|otra)|qué (?:quieres|deseas|te gustaría)",
        "instruct": "(?:ejecut[ae]|abr[ae]|haz|haga|copi[ae]|peg[ae]|selecciona|seleccione|eli[gj]e|elija|elimina|elimine|reemplaza|"
        "reemplace|agrega|agregue|añad[ae]|verifi(?:ca|que)|envía(?:me)?)\\b",
    },
    "pt": {
        "idle": "(?:como|em que|no que) posso|(?:algo|alguma) (?:mais|outra)|mais alguma|o que (?:você )?(?:quer|deseja|gostaria)",
        "instruct": "(?:execut[ae]|abr[ae]|copi[ae]|col[ae]|cole|selecione|escolha|remova|substitua|adicione|verifique|rode|envie|"
        "clique)\\b",
    },
    "it": {
        "idle": "(?:come|in cosa) posso|(?:qualcos'?altro|altre domande)|(?:cosa|che cosa) (?:vuoi|vuole|desideri)",
        "instruct": "(?:esegui|apri|copia|incolla|seleziona|scegli|rimuovi|sostituisci|aggiungi|verifica|clicca|invia(?:mi)?|avvia)\\b",
    },
    "vi": {
        "idle": "(?:tôi|mình) có thể (?:giúp|hỗ trợ)|còn (?:gì|điều gì)|(?:gì|việc) (?:khác|nữa)|bạn muốn (?:làm )?gì",
        "instruct": "(?:hãy|vui lòng|chạy|mở|nhấp|chọn|sao chép|dán|nhập|xóa|thêm|thay|kiểm tra|gửi)\\b",
    },
    "tr": {
        "idle": "(?:nasıl|size|sana|başka) (?:nasıl )?(?:yardımcı|bir)|başka (?:bir şey|soru)|ne yapmak ister",
        "instruct": "[^.]{0,60}(?:çalıştır(?:ın)?|aç(?:ın)?|tıkla(?:yın)?|seç(?:in)?|kopyala(?:yın)?|yapıştır(?:ın)?|girin|sil(?:in)?|"
        "ekle(?:yin)?)\\b",
    },
    "ar": {
        "idle": "كيف (?:يمكنني|أستطيع)|هل (?:هناك|تحتاج) (?:شيء|أي|إلى شيء)|أي شيء آخر|ماذا تريد",
        "instruct": "(?:قم |شغ?ّ?ل|افتح|انقر|اختر|انسخ|الصق|أدخل|احذف|أضف|استبدل|تحقق|نفّ?ذ|أرسل)",
    },
}
