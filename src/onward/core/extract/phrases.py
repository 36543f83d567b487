"""Phrases as data, one table a language, grouped by what they show: agreement, refusal, withdrawal, an agent's narration and more.

A phrase is a regular expression for lower-case text. `^` phrases match at the beginning, all others anywhere.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, TypeAlias

from onward.core.extract.report_phrases import REPORT_PHRASES
from onward.core.extract.request_phrases import REQUEST_PHRASES
from onward.core.extract.worth_phrases import WORTH_PHRASES

PhraseGroup: TypeAlias = Literal[
    "agree", "refuse", "broken", "withdraw", "narrate", "cause", "offer", "praise", "scope", "lasting", "forbid", "prefer",
    "habit", "manner", "object", "next", "unfinished", "did", "decide", "tried", "fix", "idle", "instruct", "courtesy", "want", "dismiss",
    "address", "reason", "passed", "need", "hope", "temporary", "begin", "guess", "dangle", "join", "sound", "ahead",
    "reassure", "means", "shelve", "boast", "plan",
]  # fmt: skip
"""A person's words: `agree`, `refuse` and `withdraw` answer a report, `broken` complains, `want` asks for work, `dismiss` rejects an act,
`shelve` postpones it, `reassure` calls it no problem, `means` says how to do it, `courtesy` only agrees or greets. Orders: `scope` and
`lasting` make an order or any sentence a standing one, `forbid` and `prefer` open an order, `habit` is a taste or a convention, `manner`
says how to word all work, `object` is what the work is about (commits, tests, tools), `temporary` limits an order in time. An agent's
words: `narrate` describes its own work, `begin` and `ahead` announce it; `cause`, `did`, `decide`, `tried`, `fix`, `passed`, `next`,
`need` and `unfinished` report; `offer`, `idle` (any work at all), `instruct` (a step) and `address` turn to the person; `praise` and
`boast` praise, `reason` gives a reason or limit, `hope` what should be true, `guess` what is possible, `plan` the future, `sound` what is
correct; `dangle` and `join` depend on the sentence before."""

PHRASES: dict[str, dict[PhraseGroup, str]] = {
    "en": {
        "agree": "yes|yeah|yep|ok|okay|sure|good|great|perfect|nice|thanks|thank you|lgtm|looks good|go ahead|sounds good|do it|"
        "correct|right|exactly|proceed|continue|please (?:do|proceed|continue)|works|(?:now )?go on|carry on|keep going|resume",
        "refuse": "no+(?! (?:need|problem|worries))|nope|wrong|undo|revert|stop|that'?s (?:not|wrong)|this is(?:n'?t| not)|not what|"
        "actually,? can you revert",
        "broken": "doesn'?t work|does not work|not working|didn'?t work|still (?:broken|fails?|failing|doesn'?t|not working|not|"
        "there)|same (?:error|problem|issue)|"
        "you (?:broke|missed|misunderstood|didn'?t|forgot)|that'?s wrong|isn'?t right|what the (?:hell|heck|f)|wtf|are you kidding|"
        "in what world|you(?:'ve)? just (?:duplicated|copied|deleted|ignored)",
        "withdraw": "ignore (?:the |my )?(?:last|previous|that)|never ?mind|wrong chat|scrap that|forget (?:it|that|about)|"
        "cancel(?:led)? that|drop (?:that|it)|"
        "(?:is|are|was) cancell?ed|we (?:have )?(?:dropped|cancell?ed|gave up on|abandoned)|no longer (?:needed|want|need)",
        "narrate": "(?:(?:ok(?:ay)?|perfect|great|good|excellent|now|alright|right|so|yes|hmm|wait|actually|first|next|then|"
        "finally)[,.! —-]*)*"
        "(?:let me(?! know)|let's|i'?ll|i will|i(?:'?m| am) (?:now |also |still |currently )?(?:\\w+ing|going|now|also|still)|i need to|"
        "i should|i (?:continue|start|begin|go on)\\b|i want to|i can see|i see\\b|i have (?:the|an?|enough)\\b|"
        "now (?:i(?='| )|let|(?:for|the|update|add|create|check|fix|run|we)\\b)|next,? i\\b|"
        "looking at|starting (?:with|by)|checking|running|reading|searching|waiting for)",
        "cause": "found it|root cause|cause of|the (?:issue|problem|bug|cause|culprit|reason) (?:is|was)|because|turns out|"
        "caused by|fixed by|that'?s why",
        "offer": "if you(?:'d)? (?:want|like|need|prefer|agree|approve|have (?:any|more|further|other|questions))|let me know|"
        "would you like|shall i|should i|want me to|do you want|"
        "i can (?:also )?(?:now )?|ready (?:for|to)|just (?:say|tell)",
        "praise": "\\W*(?:\\(\\d+\\)\\s*)?(?:good|great|nice|excellent|perfect|correct|awesome|amazing)\\b\\s*(?:[—–:!.-]|$)|"
        "you'?re (?:absolutely )?right",
        "scope": "always(?!-)|never|from (?:now|here) on|going forward|every ?time|whenever|each (?:time|commit|pr|change|file|test)|"
        "every (?:commit|pr|change|file|test|function|session)|at all times|in general|by default|as a rule|for (?:all|any|"
        "every) (?:future|new)|in this (?:project|repo|repository|codebase)|keep in mind|remember (?:to|that)|do not ever|"
        "under no circumstances|without (?:my|asking)|unless i (?:say|ask)|until i (?:say|tell)",
        "forbid": "(?:(?:please|also|and|but|so|ok|okay|btw|again|just|then)[, ]+)*(?:leave (?=[^.]* alone)|i (?:don'?t|do not|"
        "never) (?:like |want (?!to (?!see|have|find|get)))|don'?t|do not|never|"
        "no (?:more )?(?!longer|need|problem|changes?|fixe?s?|like|idea|one|worries|matter)(?=[a-z]+s?\\b)|avoid|stop (?=\\w+ing)|"
        "must not|mustn'?t|you (?:must|should|may|can)(?: not|n'?t)|we (?:don'?t|"
        "do not|never|can'?t|must not))",
        "prefer": "(?:(?:please|also|and|but|so|ok|okay|btw|again|just|then)[, ]+)*(?:i (?:prefer|like(?! (?:that|it|this|the)\\b)|"
        "want you to|always|never|usually)|we (?:use|prefer|always|only|want|follow)|prefer|use|stick (?:to|with)|"
        "only(?! (?:\\w+ ){1,3}(?:will|would|is|are|was|were|can|has|have|does|do)\\b)|always(?!-)|keep|follow|make sure|"
        "ensure|write|answer|reply|respond|speak|talk|format|ask (?:me )?(?:before|first)|run|commit|name|put|prefix|"
        "remember)",
        "object": "commits?|commit messages?|branch(?:es)?|main|master|pull requests?|prs?|push|force.push|merge|rebase|tests?|"
        "unit tests|coverage|lint(?:er)?|format(?:ter|ting)?|types?|typescript|javascript|python|comments?|docs?|documentation|readme|"
        "changelog|files?|folders?|director(?:y|ies)|modules?|dependenc(?:y|ies)|packages?|librar(?:y|ies)|frameworks?|migrations?|"
        "schema|database|production|prod|staging|secrets?|keys?|env|\\.env|api|config|npm|pnpm|yarn|bun|uv|pip|poetry|pytest|jest|"
        "vitest|docker|git|make|ruff|eslint|prettier|tabs?|spaces?|semicolons?|emojis?|english|indonesian|german|french|spanish|"
        "language|naming|names?|conventions?|style|code|legacy|generated|vendor|any\\b|console\\.log|print statements|todo|"
        "co-authored-by|attribution|permission|approval|sessions?|plan|answers?|explanations?|functions?|methods|functional|classes|"
        "components|tailwind|"
        "react|sql|orm|logging|logs?",
        "next": "^(?:next(?!\\.\\w)|todo|remaining(?=:| (?:work|steps?|tasks?|items?|to-?dos?|issues?|is|are)\\b)|still|then|before|after|"
        "ready to|you can)\\b|next steps?|next up|to-?dos?|to do\\b|"
        "remaining|"
        "remains?|still (?:needs?|to|open|has)|not yet|pending|want me to|would you like|do you want|should i|shall i|follow-?ups?|"
        "waiting (?:for|on)|blocked|needs? to|have to|open question|unresolved|outstanding|tbd",
        "did": "done|fixed|added|created|updated|removed|implemented|pushed|committed|merged|passed?|passing|resolved|closed|"
        "completed?|works now|deployed|renamed|moved|wrote|built|refactored|replaced|migrated|configured|installed|verified|cleaned",
        "decide": "because|instead|rather than|decided|chose|so that|in favou?r|reason|recommend|trade-?off|agreed",
        "tried": "(?:^|(?:i|we|i've|we've|already|also|first|then|was|were|been|have|has|had|[:;—-]) )"
        "(?:tried|attempted)|didn'?t (?:work|help)|does(?:n'?t| not) work|no effect|dead end|not possible|ruled out|abandoned|"
        "(?:was|were|been|is|are|i|we|i've|we've|then) (?:rejected|reverted)|failed because|won'?t work",
        "fix": "root cause|the (?:issue|problem|bug|cause) (?:is|was)|caused by|fixed by|the fix|bug|error|exception|crash|fail(?:s|"
        "ed|ing|ure)|broken|regression",
        "lasting": "i(?:'ll| will) (?:always )?(?:run|test|start|restart|commit|push|merge|deploy|build|review|"
        "release) (?:\\w+ ){0,4}myself|"
        "(?:when(?:ever)?|if) you(?: are|'re) (?:unsure|not sure|in doubt|blocked|stuck)|one (?:step|thing) at a time|"
        "do one |each (?:\\w+ ){1,3}gets|"
        "from (?:now|here|today|this point) on(?:wards?)?|going forward|in future|as a rule|for (?:(?:all|any|"
        "every) )?(?:future|later|coming)|stick (?:to|with)|never again|under no circumstances|in this (?:project|repo|repository|"
        "codebase),? (?:we|i|you|use|only|always|never|don'?t)|ask (?:me )?(?:before|first)|(?:whenever|every ?time|each time) (?:you|"
        "we)|(?:in general|generally|by default),? (?:we|use|keep|write|prefer|avoid|don'?t)|(?:every|each) (?:\\w+ ){1,3}(?:needs?|"
        "must)|all (?:[\\w-]+ ){1,5}(?:must|should|belong|go in(?:to)?)|all (?:\\w+ ){1,2}in (?:the|our|this) (?:code|codebase|repo|"
        "project|api|database|ui) (?:are|is|use)",
        "habit": "(?:please |also |and |but )*(?:i(?:'?d| would)? (?:prefer|rather|like (?!to\\b|you\\b|it\\b|the\\b|this\\b|"
        "that\\b))|i (?:always|never|usually|want you to)|prefer|we (?:always |only |never |usually )?(?:use|write|keep|name|commit|"
        "run|format|"
        "document|follow|mock|store|stick|squash|rebase|review|lint|tag|deploy|build|test)\\b|our (?:convention|style|rule|policy) is)",
        "manner": "in (?:english|german|dutch|french|spanish|italian|portuguese|indonesian|chinese|japanese|korean|russian|turkish|"
        "arabic|vietnamese)|(?:british|american) (?:english|spelling)|plain english",
        "unfinished": "not (?:yet )?(?:done|finished|implemented|built|complete|ready|started|wired|called)|still (?:missing|to do|"
        "open)|half (?:done|finished)|not yet|yet to be|is missing|are missing|remains to be",
    },
    "id": {
        "agree": "ya|iya|oke|sip|setuju|mantap|lanjut|betul|boleh",
        "refuse": "bukan|salah|jangan|tidak,|batalkan",
        "broken": "(?:masih|tetap) (?:error|gagal|rusak)|(?:tidak|ga|gak|nggak) (?:jalan|bisa|berfungsi|berhasil)|apa-apaan|"
        "yang benar saja",
        "withdraw": "batal(?:kan)?|tidak jadi|ga jadi|gak jadi|abaikan (?:yang )?(?:tadi|itu)|lupakan",
        "narrate": "(?:baik|oke|sekarang|pertama|lalu|selanjutnya)?[,. ]*(?:saya akan|saya cek|saya lihat|mari (?:kita|saya)|"
        "coba saya|biar saya|sekarang saya)",
        "cause": "penyebabnya|ternyata|karena|masalahnya",
        "offer": "(?:kalau|jika) (?:mau|perlu|setuju|(?:anda|kamu) setuju)|apakah (?:anda|kamu) (?:ingin|mau)|beri tahu saya",
        "praise": "bagus|mantap|sempurna",
        "scope": "selalu|mulai sekarang|setiap (?:kali|commit|perubahan)|ke depannya|jangan pernah|tidak pernah|ingat|di proyek ini|"
        "tanpa (?:izin|tanya)",
        "forbid": "(?:tolong |dan |tapi )*(?:jangan|tidak boleh|ga boleh|gak boleh|dilarang|hindari)",
        "prefer": "(?:tolong |dan )*(?:pakai|pake|gunakan|saya lebih suka|kita (?:pakai|pake)|pastikan|selalu|hanya|jawab|tulis)",
        "object": "komit|cabang|berkas|folder|tes|pengujian|kode|bahasa|dokumentasi|basis data|produksi|rahasia|kunci|komentar|nama|"
        "pustaka",
        "next": "berikutnya|selanjutnya|belum|tinggal|perlu|nanti|sisanya|menunggu|lanjut",
        "did": "selesai|ditambahkan|dibuat|dihapus|diubah|diperbaiki|sudah|berhasil|lulus",
        "decide": "karena|supaya|daripada|pilih|putuskan|keputusan|sepakat",
        "tried": "sudah dicoba|tidak berhasil|percuma|gagal karena|tidak mempan",
        "fix": "penyebab|masalahnya|error|gagal|rusak|perbaikan",
        "lasting": "(?:biar )?saya (?:yang )?(?:jalankan|tes|uji|commit|push|deploy)[^.]{0,30} sendiri|"
        "mulai (?:sekarang|hari ini)|ke ?depan(?:nya)?|jangan pernah|ingat(?:lah)?,? (?:selalu|jangan|untuk)|dilarang|"
        "setiap kali (?:kamu|anda|kita)",
        "habit": "saya lebih suka|aku lebih suka|kita (?:selalu )?(?:pakai|pake|menggunakan|menulis)",
        "manner": "bahasa (?:inggris|indonesia|jepang|jerman)",
        "unfinished": "belum (?:selesai|ada|dibuat|jadi|dikerjakan)|masih kurang|setengah jadi",
    },
    "zh": {
        "agree": "好的?|可以|行|没问题|对|是的|嗯|继续|谢谢|不错",
        "refuse": "不对|不是|错了|不行|不要|别|撤销|停",
        "broken": "还是(?:不行|报错|失败|没有)|不(?:起作用|工作|能用|生效)|没有?(?:用|生效)|仍然|依然|搞什么|什么鬼|开(?:什么)?玩笑",
        "withdraw": "算了|取消|忽略(?:上|前|刚)|不用了|当我没说",
        "narrate": "(?:好的?|现在|首先|接下来|然后|完美|太好了)?[，,。！! ]*(?:让我|我来|我将|我会|我先|我需要|我现在|接下来我|现在我)",
        "cause": "原因(?:是|在于)|因为|根本原因|问题(?:在于|是|出在)|找到了",
        "offer": "如果(?:你|您)?(?:需要|想|愿意|同意)|需要我|要不要我|是否需要|请告诉我",
        "praise": "很好|完美|太棒了|太好了|非常好",
        "scope": "始终|总是|永远|从现在开始|以后|今后|每次|每个|一律|所有|默认|记住|绝对|绝不|切勿|未经|问过我",
        "forbid": "(?:请|并且|但是?|另外|绝对|千万|一定)*(?:不要|别(?!的|人)|不可|不得|禁止|避免|绝不|切勿|永远不要|不许)",
        "prefer": "(?:[^，。]{0,10}请)?(?:我们|我|另外|一律|统一|都)*(?:使用|用|只用|改用|我(?:更)?喜欢|我们(?:使用|用)|务必|必须|保持|遵循|统一)",
        "object": "提交|分支|主分支|合并|测试|代码|文件夹?|目录|注释|文档|依赖|库|数据库|生产|密钥|密码|配置|命名|语言|中文|英文|回答|格式|迁移|接口|日志",
        "next": "下一步|接下来|待办|尚未|还没|还需|需要|剩余|等待|未完成",
        "did": "完成|已(?:添加|创建|修复|更新|删除|实现|提交|推送)|修复了|添加了|通过",
        "decide": "因为|决定|选择|采用|而不是|改为|所以|方案",
        "tried": "(?:尝试|试)(?:过|了)|不可行|行不通|没有效果|(?:方案|做法|方法|尝试)[^，。]{0,12}(?:失败|无效)",
        "fix": "原因|错误|报错|异常|失败|问题(?:是|在于)|修复",
        "lasting": "[^，。]{0,6}我自己(?:来|会)?(?:运行|启动|测试|提交|推送|部署)|"
        "从(?:现在|今天|今)(?:开始|起)|今后|往后|以后[^，。]{0,8}(?:都|请|不要|别|一律|用|只|每|要|必须)|记住|绝对不(?:要|能|可|得)|绝对禁止|绝不|决不|切勿|永远不要|千万(?:不要|别)",
        "habit": "我(?:更)?(?:喜欢|偏好|习惯)|我们(?:一直|都|统一|一律)?(?:使用|用|写)",
        "manner": "用(?:中文|英文|英语|日语)",
        "unfinished": "还没|尚未|未完成|还缺|只完成了一半",
    },
    "ja": {
        "agree": "はい|ええ|うん|ok|オーケー|了解|ありがとう|いいね|それで(?:いい|お願い)|お願いします|続けて",
        "refuse": "いいえ|違(?:う|い)|ダメ|だめ|やめ|元に戻|そうじゃ",
        "broken": "(?:まだ|やはり)(?:動か|エラー|失敗)|動(?:かない|きません|作しない)|うまくいか|ふざけ|何(?:を)?やってる",
        "withdraw": "キャンセル|取り消|忘れて|無視して|やっぱり(?:いい|やめ)|不要になり",
        "narrate": "(?:では|それでは|次に|まず|さて|よし|了解(?:です|しました)?)?[、。！ ]*[^。]{0,40}(?:してみます|確認します|見てみます|調べます|確認しましょう|始めます|進めます|読みます)",
        "cause": "原因は|理由は|ため(?:です|でした)|からです|問題は",
        "offer": "必要(?:であれば|でしたら)|(?:同意|賛成)(?:いただける|して(?:いただ|くだ))|よければ|ご希望|しましょうか|よろしければ",
        "praise": "完璧|素晴らしい|いいですね",
        "scope": "常に|必ず|絶対に|今後|これから|毎回|すべて|全て|毎|デフォルトで|覚えて|許可なく|決して",
        "forbid": "[^。]{0,40}(?:しないで|するな|触らない|使わない|変更しない|禁止|避けて|やめて|ないでください|いけません|使用しない)",
        "prefer": "[^。]{0,40}(?:使って|使用して|書いて|答えて|使う|してください|すること|統一|好み|守って|保って|お願い)",
        "object": "コミット|ブランチ|マージ|テスト|コード|ファイル|フォルダ|ディレクトリ|コメント|ドキュメント|依存|ライブラリ|データベース|本番|秘密|キー|設定|命名|言語|日本語|英語|移行|ログ",
        "next": "次(?:は|に|の)|今後|未完了|残り|まだ|待ち|必要があり|これから",
        "did": "完了|追加しました|作成しました|修正しました|更新しました|削除しました|実装しました|通りました|成功",
        "decide": "ため|理由|決め|採用|代わりに|選び|ことにし",
        "tried": "試し(?:た|まし)|うまくいか|できませんでした|断念",
        "fix": "原因|エラー|不具合|失敗|バグ|修正",
        "lasting": "[^、。]{0,20}(?:自分で|私が)(?:実行|起動|テスト|コミット|プッシュ|デプロイ)します|"
        "今後|これから(?:は|も)|以後|以降は|許可なく|決して|絶対に",
        "habit": "(?:私は)?[^。]{0,20}(?:が好み|を好み|のほうが好き|を使っています|に統一)",
        "manner": "(?:日本語|英語|敬語)で",
        "unfinished": "まだ(?:です|でき|残|完|作|実装)|未完了|未実装|未対応",
    },
    "ko": {
        "agree": "네|예|응|좋(?:아|습)|알겠|그래|계속|감사|고마",
        "refuse": "아니|틀렸|잘못|하지 ?마|되돌려|멈춰",
        "broken": "(?:아직|여전히) ?(?:안|에러|오류)|안 ?(?:돼|되|됩)|작동하지 않|동작하지 않|장난(?:해|하)|뭐 ?하는",
        "withdraw": "취소|무시해|됐어|잊어|필요 ?없",
        "narrate": "(?:이제|먼저|다음으로|좋습니다|네)?[,. ]*[^.]{0,40}(?:확인하겠습니다|살펴보겠습니다|해보겠습니다|진행하겠습니다|시작하겠습니다|읽어보겠습니다|확인해 ?보겠습니다)",
        "cause": "원인은|때문|문제는|이유는",
        "offer": "원하시면|필요하시면|동의하(?:시면|면)|해 ?드릴까요|할까요",
        "praise": "완벽|훌륭|좋습니다[.!]",
        "scope": "항상|언제나|앞으로|매번|모든|절대|반드시|기본적으로|기억|허락 없이",
        "forbid": "[^.]{0,40}(?:하지 ?마|하지 말|금지|안 ?돼|쓰지 ?마|건드리지|사용하지|피해|말아)",
        "prefer": "[^.]{0,40}(?:사용해|써 ?줘|쓰자|사용하|해 ?주세요|선호|유지|지켜|작성해|로 해)",
        "object": "커밋|브랜치|병합|테스트|코드|파일|폴더|디렉터리|주석|문서|의존성|라이브러리|데이터베이스|운영|비밀|키|설정|이름|언어|한국어|영어|마이그레이션|로그",
        "next": "다음|남은|아직|해야|대기|필요",
        "did": "완료|추가했|생성했|수정했|업데이트|삭제했|구현했|통과|성공",
        "decide": "때문|이유|결정|대신|선택|하기로",
        "tried": "시도했|안 됐|안 됩니다|실패했|효과가 없|포기",
        "fix": "원인|오류|에러|버그|문제는|수정",
        "lasting": "[^,.]{0,20}제가 ?직접 ?(?:실행|테스트|커밋|푸시|배포)|앞으로|이제부터|지금부터|절대(?:로)?|허락 없이",
        "habit": "[^.]{0,20}(?:선호합니다|선호해|를 씁니다|을 씁니다|를 사용합니다|을 사용합니다)",
        "manner": "(?:한국어|영어|존댓말)로",
        "unfinished": "아직|미완료|미구현",
    },
    "ru": {
        "agree": "да|ок|хорошо|отлично|верно|правильно|продолжай|спасибо|давай|согласен",
        "refuse": "нет|неверно|неправильно|не так|не то|стоп|отмени|верни",
        "broken": "(?:всё|все|по-прежнему) (?:ещё|еще)? ?не работает|не работает|та же ошибка|не помогло|"
        "какого (?:черта|чёрта)|ты (?:что,? )?(?:издеваешься|смеёшься)|"
        "ти (?:що,? )?знущаєшся",
        "withdraw": "отмен(?:а|и|яется|ено)|забудь|не надо|неважно|проигнорируй",
        "narrate": "(?:хорошо|отлично|теперь|сейчас|сначала|итак|далее)?[,. ]*(?:давай(?:те)?|я (?:проверю|посмотрю|сделаю|буду|начну|"
        "создам|добавлю|сейчас)|сейчас (?:я )?(?:проверю|посмотрю)|проверим|посмотрим)",
        "cause": "причина|потому что|из-за|проблема в",
        "offer": "если (?:вы )?(?:хотите|хочешь|нужно|согласны|согласен)|хотите,? чтобы|дайте знать",
        "praise": "отлично|превосходно|прекрасно|супер",
        "scope": "всегда|никогда|отныне|впредь|каждый раз|каждый|по умолчанию|запомни|без (?:моего|спроса)|в этом проекте|"
        "теперь всегда|с этого момента",
        "forbid": "(?:пожалуйста,? |и |но )*(?:не (?=\\w+)|никогда не|нельзя|запрещено|избегай|без )",
        "prefer": "(?:пожалуйста,? |и )*(?:[\\w ]{0,40}\\bпиши(?:те)?|используй|я предпочитаю|мы используем|пиши|отвечай|"
        "придерживайся|только|убедись|делай|"
        "следуй|предпочитаю)",
        "object": "коммит\\w*|ветк\\w+|мерж\\w*|тест\\w*|код\\w*|файл\\w*|папк\\w+|каталог\\w*|комментари\\w+|документац\\w+|"
        "зависимост\\w+|библиотек\\w+|баз\\w+|прод\\w*|секрет\\w*|ключ\\w*|конфиг\\w*|имен\\w*|язык\\w*|русск\\w+|английск\\w+|"
        "миграц\\w+|лог\\w*",
        "next": "далее|следующ|осталось|ещё (?:не|нужно)|нужно|предстоит|ожида",
        "did": "готово|добавлен|создан|исправлен|обновлен|обновлён|удален|удалён|реализован|сделано|прош(?:ли|ёл)",
        "decide": "потому что|решил|решено|выбрал|вместо|поэтому|чтобы",
        "tried": "пробовал|попытал|не помогло|не сработало|не работает|отказал",
        "fix": "причина|ошибк|сбой|баг|исправ|проблема",
        "lasting": "я сама? (?:запу[сщ]|протестир|тестир|закоммич|коммич|запуш|задепло|разверн)|"
        "с (?:этого момента|сегодняшнего дня)|отныне|впредь|в дальнейшем|запомни|ни в коем случае|никогда не|теперь всегда",
        "habit": "(?:я )?предпочитаю|мы (?:всегда )?(?:используем|пишем)",
        "manner": "на (?:английском|русском|немецком)|по-(?:английски|русски)",
        "unfinished": "ещё не|еще не|пока не|не готов|не законч|не хватает",
    },
    "de": {
        "agree": "ja|ok|okay|gut|super|danke|passt|genau|richtig|mach(?: das)?|weiter|perfekt|einverstanden",
        "refuse": "nein|falsch|nicht so|stopp?|rückgängig|das ist (?:nicht|falsch)",
        "broken": "funktioniert (?:immer noch )?nicht|geht (?:immer noch )?nicht|immer noch|derselbe fehler|gleiche fehler|"
        "was (?:zum|soll das)|willst du mich veräppeln",
        "withdraw": "vergiss (?:es|das)|ignorier(?:e)? (?:das|die letzte)|abgesagt|storniert|abgebrochen|hat sich erledigt|"
        "nicht mehr nötig",
        "narrate": "(?:gut|ok|nun|jetzt|zuerst|dann|perfekt|super|als nächstes)?[,.! ]*(?:ich (?:werde|prüfe|schaue|sehe|lese|starte|"
        "muss|beginne|mache)|lass(?:en)? (?:mich|uns|sie)|schauen wir|nun (?:prüfe|schaue)|jetzt (?:prüfe|schaue|werde) ich)",
        "cause": "ursache|weil|grund (?:ist|war|dafür)|das problem (?:ist|war)|liegt daran",
        "offer": "wenn (?:du|sie) (?:möchte|willst|wollen|einverstanden|zustimm)|soll ich|sag (?:mir )?bescheid|möchten sie|gerne kann ich",
        "praise": "perfekt|super|sehr gut|ausgezeichnet|prima",
        "scope": "immer(?! noch\\b)|niemals|nie\\b|ab (?:jetzt|sofort)|"
        "künftig|in zukunft|jedes mal|jede[rsn]? (?:commit|änderung|datei|test)|"
        "grundsätzlich|standardmäßig|merk dir|ohne (?:meine|rückfrage|zu fragen)|in diesem (?:projekt|repo)",
        "forbid": "(?:bitte |und |aber )*(?:(?:\\w+ )?(?:nicht|keine?n?|nie(?:mals)?)|vermeide|verboten|hör auf)|"
        "[^.]{0,50}\\b(?:nicht (?:anfassen|ändern|verwenden|benutzen|löschen|committen|pushen)|nie(?:mals)? (?:\\w+ ){0,4}\\w+en)\\b",
        "prefer": "(?:bitte |und )*(?:verwende|benutze|nutze|nimm|ich (?:bevorzuge|möchte)|wir (?:verwenden|nutzen|benutzen)|schreib|"
        "antworte|achte|halte|nur|immer|stelle sicher)",
        "object": "commits?|branch(?:es)?|tests?|code|datei(?:en)?|ordner|verzeichnis|kommentare?|dokumentation|abhängigkeit(?:en)?|"
        "bibliothek(?:en)?|datenbank|produktion|geheimnisse?|schlüssel|konfiguration|namen|sprache|deutsch|englisch|migration(?:en)?|"
        "logs?",
        "next": "nächste|noch (?:nicht|offen|zu)|ausstehend|verbleib|muss noch|als nächstes|wartet\\b",
        "did": "fertig|erledigt|hinzugefügt|erstellt|behoben|aktualisiert|entfernt|implementiert|umgesetzt|bestanden|gelöscht",
        "decide": "weil|entschieden|statt|anstatt|deshalb|gewählt|damit",
        "tried": "versucht|hat nicht (?:geholfen|funktioniert)|funktioniert nicht|verworfen|ausgeschlossen",
        "fix": "ursache|fehler|ausnahme|absturz|behoben|problem (?:ist|war)",
        "lasting": "(?:ich )?(?:starte|teste|committe|pushe|merge|deploye|baue)(?: ich)? [^.]{0,40}selbst|"
        "(?:ab|von) (?:jetzt|sofort|heute|nun)(?: an)?|künftig|in zukunft|merk dir|auf keinen fall|grundsätzlich|niemals",
        "habit": "ich (?:bevorzuge|mag (?=\\w+e\\b))|mir sind [^.]{2,30} lieber|wir (?:immer )?(?:verwenden|nutzen|benutzen|schreiben)",
        "manner": "auf (?:deutsch|englisch|französisch)",
        "unfinished": "noch nicht|fehl(?:t|en) noch|halb fertig|steht noch aus|stehen noch aus",
    },
    "fr": {
        "agree": "oui|ok|d'accord|parfait|merci|très bien|vas-y|allez-y|continue[zr]?|super|exact|bien",
        "refuse": "non|faux|pas ça|ce n'est pas|arrête|annule ça|reviens",
        "broken": "ne (?:marche|fonctionne) (?:toujours )?pas|toujours (?:pas|la même)|même erreur|ça ne marche|"
        "(?:tu te moques|vous vous moquez) de|n'importe quoi|c'est quoi ce",
        "withdraw": "laisse tomber|oublie[zr]?|ignore[zr]? (?:le|mon|ma)|annulé|plus besoin",
        "narrate": "(?:ok|bien|parfait|maintenant|d'abord|ensuite|alors|voyons)?[,.! ]*(?:je (?:vais|vérifie|regarde|dois|commence|"
        "lis|cherche)|laisse(?:z)?-moi|voyons|vérifions|regardons|maintenant je)",
        "cause": "la cause|parce que|à cause|le problème (?:est|vient|était)|car\\b",
        "offer": "si (?:vous|tu) (?:voulez|veux|souhaite|êtes d.accord|es d.accord)|voulez-vous|veux-tu|dites-moi|souhaitez-vous",
        "praise": "parfait|excellent|super|génial|très bien",
        "scope": "toujours|jamais|désormais|dorénavant|à partir de maintenant|à chaque|chaque (?:commit|fois|fichier)|par défaut|"
        "souviens-toi|n'oublie pas|sans (?:mon|ma|me)|dans ce projet",
        "forbid": "(?:s'il te plaît,? |et |mais )*(?:ne |n'|pas de |évite|interdit|arrête de|jamais )",
        "prefer": "(?:s'il te plaît,? |et )*(?:utilise[zr]?|je préfère|on utilise|nous utilisons|écris|réponds|garde|respecte|"
        "uniquement|seulement|assure-toi|toujours|fais)",
        "object": "commits?|branches?|tests?|code|fichiers?|dossiers?|répertoires?|commentaires?|documentation|dépendances?|"
        "bibliothèques?|base de données|production|secrets?|clés?|configuration|noms?|langue|français|anglais|migrations?|logs?",
        "next": "prochaine|reste(?:nt)?\\b|à faire|pas encore|en attente|ensuite|il faut|doit encore",
        "did": "terminé|ajouté|créé|corrigé|mis à jour|supprimé|implémenté|fait|réussi|passent",
        "decide": "parce que|car\\b|décidé|choisi|au lieu de|plutôt que|afin de",
        "tried": "essayé|tenté|n'a pas (?:marché|fonctionné)|sans effet|abandonné|écarté",
        "fix": "cause|erreur|exception|échec|bug|corrigé|problème",
        "lasting": "je (?:lance|teste|démarre|commit\\w*|pousse|fusionne|déploie)(?:rai)? [^.]{0,40}moi-même|"
        "(?:à|a) partir (?:de maintenant|d'aujourd'hui)|désormais|dorénavant|à l'avenir|en aucun cas|souviens-toi|"
        "ne \\S+ jamais",
        "habit": "je préfère|(?:on|nous) (?:utilis|écri)\\w+",
        "manner": "en (?:anglais|français|allemand)",
        "unfinished": "pas encore|reste à|manque encore|à moitié",
    },
    "es": {
        "agree": "sí|si,|ok|vale|perfecto|gracias|bien|de acuerdo|adelante|continúa|correcto|exacto",
        "refuse": "no\\b(?! hay problema)|mal|incorrecto|eso no|para\\b|deshaz|revierte",
        "broken": "no (?:funciona|sirve)|sigue (?:sin|fallando|igual)|mismo error|todavía|"
        "qué (?:demonios|diablos)|me tomas el pelo|estás de broma",
        "withdraw": "olvídalo|olvida (?:eso|lo)|ignora (?:el|mi|lo)|cancelado|ya no (?:hace falta|necesito)",
        "narrate": "(?:ok|bien|perfecto|ahora|primero|luego|entonces)?[,.! ]*(?:voy a|vamos a|déjame|permíteme|ahora voy|"
        "necesito (?:ver|revisar)|revisemos|veamos|estoy (?:revisando|buscando))",
        "cause": "la causa|porque|debido a|el problema (?:es|era|está)",
        "offer": "si (?:quieres|necesitas|deseas|estás de acuerdo|está de acuerdo)|¿?quieres que|avísame|dime si",
        "praise": "perfecto|excelente|genial|muy bien|estupendo",
        "scope": "siempre|nunca|jamás|a partir de ahora|de ahora en adelante|cada (?:vez|commit|cambio|archivo)|por defecto|recuerda|"
        "sin (?:mi|preguntar)|en este proyecto|en adelante",
        "forbid": "(?:por favor,? |y |pero )*(?:no |nunca |evita|prohibido|deja de|jamás )",
        "prefer": "(?:por favor,? |y )*(?:usa|utiliza|prefiero|usamos|escribe|responde|mantén|respeta|solo|sólo|asegúrate|siempre|"
        "sigue|haz)",
        "object": "commits?|ramas?|tests?|pruebas?|código|archivos?|ficheros?|carpetas?|directorios?|comentarios?|documentación|"
        "dependencias?|librer[íi]as?|bibliotecas?|base de datos|producción|secretos?|claves?|configuración|nombres?|idioma|español|"
        "inglés|migraciones|logs?",
        "next": "próximo|siguiente|faltan?\\b|pendiente|todavía no|quedan?\\b|hay que|aún no",
        "did": "hecho|añadido|creado|corregido|actualizado|eliminado|implementado|terminado|completado|pasan|arreglado",
        "decide": "porque|decidi|eleg|en lugar de|en vez de|para que|por eso",
        "tried": "intent(?:é|amos|ado)|intentos? fallid|no funcionó|no sirve|sin efecto|descartad",
        "fix": "causa|error|excepción|fallo|bug|corregido|problema",
        "lasting": "yo mism[oa] (?:ejecut|prueb|inici|arranc|sub|despleg|despliego)|(?:ejecuto|pruebo|inicio|subo|"
        "despliego) [^.]{0,40}yo mism[oa]|"
        "a partir de (?:ahora|hoy)|de ahora en adelante|de aquí en adelante|en adelante|en ningún caso|recuerda|nunca",
        "habit": "prefiero|(?:siempre )?(?:usamos|escribimos)",
        "manner": "en (?:inglés|español|alemán)",
        "unfinished": "todavía no|aún no|falta(?:n)? |a medias",
    },
    "pt": {
        "agree": "sim|ok|certo|perfeito|obrigad[oa]|beleza|pode (?:seguir|fazer)|continue|isso|ótimo",
        "refuse": "não\\b(?! tem problema)|errado|isso não|pare|desfaz|reverte",
        "broken": "não (?:funciona|funcionou)|continua (?:sem|dando|com)|mesmo erro|ainda (?:não|dá)|que diabos|"
        "(?:tá|está) (?:de brincadeira|brincando)",
        "withdraw": "esquece|ignora (?:a|o|isso)|cancelad[oa]|não precisa mais|deixa (?:pra lá|quieto)",
        "narrate": "(?:ok|bem|perfeito|agora|primeiro|depois|então)?[,.! ]*(?:vou |vamos |deixe-me|deixa eu|agora vou|preciso (?:ver|"
        "verificar)|verificando|estou (?:verificando|lendo))",
        "cause": "a causa|porque|devido a|o problema (?:é|era|está)",
        "offer": "se (?:quiser|precisar|você quiser|concordar|você concordar)|quer que eu|me avise|gostaria que",
        "praise": "perfeito|excelente|ótimo|muito bem",
        "scope": "sempre|nunca|jamais|a partir de agora|daqui (?:em diante|pra frente)|cada (?:vez|commit|mudança|arquivo)|por padrão|"
        "lembre|sem (?:minha|perguntar|permissão)|neste projeto",
        "forbid": "(?:por favor,? |e |mas )*(?:não |nunca |evite|proibido|pare de|jamais )",
        "prefer": "(?:por favor,? |e )*(?:use|usa|utilize|prefiro|usamos|escreva|responda|mantenha|respeite|apenas|só|somente|garanta|"
        "sempre|siga|faça)",
        "object": "commits?|branch(?:es)?|testes?|código|arquivos?|pastas?|diretórios?|comentários?|documentação|dependências?|"
        "bibliotecas?|banco de dados|produção|segredos?|chaves?|configuração|nomes?|idioma|português|inglês|migrações|logs?",
        "next": "próxim|faltam?\\b|pendente|ainda não|restam?\\b|precisa(?:m|mos)?\\b|tem que|aguardando",
        "did": "feito|adicionad|criad|corrigid|atualizad|removid|implementad|concluíd|pronto|passaram",
        "decide": "porque|decidi|escolh|em vez de|ao invés|para que|por isso",
        "tried": "tent(?:ei|amos|ado|ativas?)|não funcionou|sem efeito|descartad|não adiantou",
        "fix": "causa|erro|exceção|falha|bug|corrigid|problema",
        "lasting": "eu mesm[oa] (?:rodo|executo|testo|inicio|subo|faço o deploy|comito)|(?:rodo|executo|testo|inicio|"
        "subo) [^.]{0,40}eu mesm[oa]|"
        "a partir de (?:agora|hoje)|daqui (?:em diante|(?:pra|para a?) frente)|de agora em diante|doravante|"
        "em hipótese alguma|lembre|nunca",
        "habit": "prefiro|(?:sempre )?(?:usamos|escrevemos)",
        "manner": "em (?:inglês|português|espanhol)",
        "unfinished": "ainda não|falta(?:m)? |pela metade",
    },
    "it": {
        "agree": "sì|si,|ok|va bene|perfetto|grazie|bene|d'accordo|procedi|continua|esatto|giusto",
        "refuse": "no\\b(?! problem)|sbagliato|non così|non è|fermati|annulla (?:questo|quello)|ripristina",
        "broken": "non (?:funziona|va)|ancora (?:non|lo stesso|errore)|stesso errore|"
        "ma che (?:diavolo|cavolo)|stai scherzando|mi prendi in giro",
        "withdraw": "lascia (?:stare|perdere)|dimentica|ignora (?:il|la|quello)|annullato|non serve più",
        "narrate": "(?:ok|bene|perfetto|ora|adesso|prima|poi|quindi)?[,.! ]*(?:vado a|vediamo|fammi|lasciami|controllo|"
        "ora (?:controllo|verifico)|devo (?:vedere|controllare)|verifichiamo|sto (?:controllando|leggendo))",
        "cause": "la causa|perché|a causa|il problema (?:è|era|sta)",
        "offer": "se (?:vuoi|vuole|desideri|sei d.accordo|è d.accordo)|vuoi che|fammi sapere|devo ",
        "praise": "perfetto|eccellente|ottimo|molto bene",
        "scope": "sempre|mai\\b|d'ora in poi|da ora in poi|ogni (?:volta|commit|modifica|file)|di default|ricorda|senza (?:il mio|"
        "chiedere)|in questo progetto|in futuro",
        "forbid": "(?:per favore,? |e |ma )*(?:non |mai |evita|vietato|smetti di|niente )",
        "prefer": "(?:per favore,? |e )*(?:usa|utilizza|preferisco|usiamo|scrivi|rispondi|mantieni|rispetta|solo|soltanto|assicurati|"
        "sempre|segui|fai)",
        "object": "commit|branch|rami|test|codice|file|cartell[ae]|directory|commenti|documentazione|dipendenz[ae]|libreri[ae]|"
        "database|produzione|segreti|chiavi|configurazione|nomi|lingua|italiano|inglese|migrazioni|log",
        "next": "prossim|manca(?:no)?\\b|rimane\\b|rimangono|da fare|non ancora|in attesa|bisogna\\b|resta(?:no)?\\b",
        "did": "fatto|aggiunt|creat|corrett|aggiornat|rimoss|implementat|completat|risolt|passano",
        "decide": "perché|deciso|scelto|invece di|piuttosto|così che",
        "tried": "provato|tentat[oi]v|(?:ho|abbiamo|stat[oa]) tentat|non (?:ha )?funziona|senza effetto|scartat",
        "fix": "causa|errore|eccezione|fallit|bug|corrett|problema",
        "lasting": "(?:eseguo|lancio|avvio|provo|rilascio|committo) (?:io )?[^.]{0,40}(?:io stess[oa]|da sol[oa])|"
        "(?:d'ora|da ora|da adesso|da oggi) in (?:poi|avanti)|in nessun caso|ricorda(?:ti)?|in futuro|non \\S+ mai",
        "habit": "preferisco|(?:usiamo|scriviamo) sempre|noi usiamo",
        "manner": "in (?:inglese|italiano|tedesco)",
        "unfinished": "non ancora|ancora (?:non|da)|manca(?:no)? |a metà",
    },
    "vi": {
        "agree": "vâng|được|ok|đồng ý|tốt|cảm ơn|tiếp tục|đúng|ừ",
        "refuse": "không phải|sai|dừng|hoàn tác|đừng|không đúng",
        "broken": "vẫn (?:lỗi|không|chưa)|không (?:chạy|hoạt động|được)|lỗi cũ|cái quái|đùa à",
        "withdraw": "bỏ qua|thôi|hủy|quên (?:đi|nó)|không cần nữa",
        "narrate": "(?:ok|tốt|bây giờ|đầu tiên|tiếp theo|trước tiên)?[,.! ]*(?:tôi sẽ|để tôi|mình sẽ|hãy (?:để tôi|cùng|kiểm tra|xem)|"
        "tôi (?:cần|đang) )",
        "cause": "nguyên nhân|bởi vì|vì vậy|do đó|vấn đề là",
        "offer": "nếu (?:bạn|anh) (?:muốn|cần|đồng ý)|bạn có muốn|cho tôi biết",
        "praise": "tuyệt|hoàn hảo|rất tốt",
        "scope": "luôn|không bao giờ|từ (?:bây giờ|nay)|mỗi (?:lần|commit|thay đổi|file)|mặc định|hãy nhớ|trong dự án này|tất cả|mọi",
        "forbid": "(?:xin |hãy |và |nhưng )*(?:đừng|không được|không bao giờ|tránh|cấm|không (?=\\w+))",
        "prefer": "(?:xin |hãy |và )*(?:dùng|sử dụng|tôi (?:thích|muốn)|chúng ta dùng|viết|trả lời|giữ|chỉ|luôn|đảm bảo|tuân)",
        "object": "commit|nhánh|kiểm thử|test|mã|code|tệp|tập tin|file|thư mục|bình luận|tài liệu|phụ thuộc|thư viện|cơ sở dữ liệu|"
        "production|bí mật|khóa|cấu hình|tên|ngôn ngữ|tiếng (?:việt|anh)|log",
        "next": "tiếp theo|còn lại|chưa|cần|đang chờ|sẽ",
        "did": "đã (?:thêm|tạo|sửa|cập nhật|xóa|hoàn thành|xong)|xong|hoàn tất|thành công",
        "decide": "vì|quyết định|chọn|thay vì|để ",
        "tried": "đã thử|không (?:hiệu quả|được)|thất bại|bỏ qua cách",
        "fix": "nguyên nhân|lỗi|sự cố|sửa|vấn đề",
        "lasting": "(?:tôi|mình) (?:sẽ )?tự (?:chạy|kiểm thử|khởi động|commit|đẩy|triển khai)|"
        "(?:kể )?từ (?:giờ|nay|bây giờ)|không bao giờ|đừng bao giờ|tuyệt đối|hãy nhớ|về sau",
        "habit": "tôi (?:thích|ưu tiên)|chúng (?:ta|tôi) (?:luôn )?(?:dùng|sử dụng|viết)",
        "manner": "(?:bằng )?tiếng (?:anh|việt)",
        "unfinished": "chưa (?:xong|có|làm|viết|được)|còn thiếu|mới xong một nửa",
    },
    "tr": {
        "agree": "evet|tamam|olur|güzel|teşekkür|harika|devam|doğru|süper",
        "refuse": "hayır|yanlış|dur\\b|geri al|öyle değil|olmadı",
        "broken": "hala (?:çalışmıyor|hata|aynı)|hâlâ|çalışm(?:ıyor|adı)|aynı hata|dalga mı geçiyorsun|şaka mı|bu ne saçmalık",
        "withdraw": "boş ?ver|iptal|unut|gerek (?:yok|kalmadı)|vazgeç",
        "narrate": "(?:tamam|şimdi|önce|ardından|sonra|harika)?[,.! ]*(?:[^.]{0,40}(?:kontrol edeceğim|bakacağım|inceleyeceğim|edelim|"
        "bakalım|başlıyorum|okuyacağım|ediyorum))",
        "cause": "nedeni|çünkü|sebebi|sorun(?:un)? (?:şu|kaynağı)",
        "offer": "ister(?:seniz|sen|misiniz)|kabul eder(?:seniz|sen)|onaylar(?:sanız|san)|isterseniz|bana bildir",
        "praise": "mükemmel|harika|çok iyi|süper",
        "scope": "her zaman|daima|asla|bundan (?:sonra|böyle)|her (?:seferinde|commit|değişiklik|dosya)|varsayılan olarak|unutma|"
        "bana sormadan|izinsiz|bu projede",
        "forbid": "[^.]{0,60}(?:\\w+m[ae](?:yin|yın|)\\b(?!k)|kullanma|dokunma|değiştirme|silme|yapma|kaçın|yasak|asla)",
        "prefer": "[^.]{0,60}(?:kullan|tercih ed|yaz|cevap ver|uy\\b|emin ol|olsun|tut\\b|kullanıyoruz)",
        "object": "commit|dal|branch|test\\w*|kod\\w*|dosya\\w*|klasör\\w*|dizin\\w*|yorum\\w*|dokümantasyon|belge\\w*|bağımlılık\\w*|"
        "kütüphane\\w*|veritabanı|üretim|gizli|anahtar\\w*|yapılandırma|isim\\w*|dil\\w*|türkçe|ingilizce|göç\\w*|log\\w*",
        "next": "sıradaki|sonraki|kalan|henüz|gerek|bekl",
        "did": "tamamlandı|eklendi|oluşturuldu|düzeltildi|güncellendi|silindi|bitti|geçti|eklendim|ekledim",
        "decide": "çünkü|karar|seçtim|yerine|nedeniyle|için",
        "tried": "denedim|denendi|işe yaramadı|çalışmadı|vazgeç",
        "fix": "neden|hata|istisna|çök|düzelt|sorun",
        "lasting": "[^.,]{0,40}kendim (?:çalıştır|test ed|başlat|commit|dağıt)|bundan (?:sonra|böyle)|asla|hiçbir zaman|kesinlikle|unutma",
        "habit": "[^.]{0,30}(?:tercih ediyorum|tercih ederim|kullanıyoruz|yazıyoruz)",
        "manner": "(?:ingilizce|türkçe)",
        "unfinished": "henüz|eksik|yarım kaldı|daha (?:bitmedi|yapılmadı)",
    },
    "ar": {
        "agree": "نعم|حسن(?:ا|ًا)|موافق|تمام|شكر|استمر|صحيح|ممتاز",
        "refuse": "لا[،, ]|خطأ|ليس|توقف|تراجع",
        "broken": "لا يعمل|ما زال|لم (?:يعمل|ينجح)|نفس الخطأ|هل تمزح|ما هذا الهراء",
        "withdraw": "انس(?:ى)?|تجاهل|ألغ|لم (?:أعد|نعد)|لا حاجة",
        "narrate": "(?:حسنا|الآن|أولا|ثم|ممتاز)?[،,.! ]*(?:سأقوم|سأ|دعني|لنبدأ|دعنا|أنا الآن)",
        "cause": "السبب|لأن|بسبب|المشكلة (?:هي|كانت)",
        "offer": "إذا (?:أردت|كنت|رغبت|وافقت)|هل تريد|أخبرني",
        "praise": "ممتاز|رائع|مثالي",
        "scope": "دائم(?:ا|ًا)|أبد(?:ا|ًا)|من الآن|في كل مرة|كل |افتراضي|تذكر|دون إذن|في هذا المشروع",
        "forbid": "(?:من فضلك،? |و)*(?:لا |لا ت|تجنب|ممنوع|توقف عن|يمنع)",
        "prefer": "(?:من فضلك،? |و)*(?:استخدم|أفضل|نستخدم|اكتب|أجب|حافظ|فقط|تأكد|اتبع|التزم)",
        "object": "الكود|الملف|ملف|المجلد|مجلد|الفرع|الاختبار|اختبار|التعليق|التوثيق|المكتب|قاعدة البيانات|الإنتاج|المفتاح|الإعداد|"
        "اللغة|العربية|الإنجليزية|commit|branch|test",
        "next": "التالي|متبق|لم (?:يتم|ننته)|يجب|في انتظار|الخطوة",
        "did": "تم |أضفت|أنشأت|أصلحت|اكتمل|نجح",
        "decide": "لأن|قرر|اخترت|بدلا من|لكي",
        "tried": "جرب|حاول|لم ينجح|فشل",
        "fix": "السبب|خطأ|مشكلة|فشل|إصلاح",
        "lasting": "سأ(?:شغل|ختبر|دفع|نشر)[^.،]{0,30}بنفسي|من الآن|من اليوم|مستقبلا|تذكر|إياك|لا [^.]{2,60} أبد",
        "habit": "أفضل|نستخدم|نكتب",
        "manner": "ب(?:الإنجليزية|العربية|اللغة)",
        "unfinished": "لم يتم|ليس بعد|بعد لم|لا يزال|ناقص",
    },
}

_OPENING: frozenset[PhraseGroup] = frozenset(
    ("agree", "refuse", "narrate", "offer", "praise", "lasting", "forbid", "prefer", "habit", "instruct", "courtesy", "need", "hope",
     "begin", "dangle", "join", "ahead", "reassure", "means")
)  # fmt: skip
_OPEN_ENDED: frozenset[PhraseGroup] = frozenset(
    ("unfinished", "narrate", "praise", "lasting", "forbid", "prefer", "next", "did", "decide", "tried", "fix", "idle", "instruct",
     "courtesy", "want", "dismiss", "need", "hope", "begin", "reassure", "means", "shelve")
)  # fmt: skip
"""Groups whose phrases may be beginnings of words, because many languages inflect."""
_UNSPACED = frozenset(("zh", "ja", "ko", "ar"))


@cache
def pattern(group: PhraseGroup, languages: frozenset[str]) -> re.Pattern[str]:
    """Return the compiled phrases of *group* in *languages*; use `match` for groups that open a text."""
    parts = []
    for language in sorted(languages & PHRASES.keys()):
        tables = (PHRASES[language], REPORT_PHRASES[language], REQUEST_PHRASES[language], WORTH_PHRASES[language])
        phrases = next((table[group] for table in tables if group in table), "")
        if not phrases:
            continue
        ending = "" if language in _UNSPACED or group in _OPEN_ENDED else r"(?!\w)"
        beginning = "" if group in _OPENING or language in _UNSPACED else r"(?<!\w)"
        parts.append(f"{beginning}(?:{phrases}){ending}".replace("'", "['’]"))
    return re.compile("|".join(parts), re.I)
