"""The kinds of facts. Everything that Onward knows of a kind is in its one entry here.

Sections of the handoff, labels that announce a kind, what agents may state and record, how the ledger treats it, and the
choices that commands, API and pages offer are derived from this table. A new kind is a new entry:
`tests/unit/test_kinds.py` adds one and runs the whole loop.
"""

from __future__ import annotations


class Section:
    """A section of the handoff. When a page must be shorter, lines of the section with the highest `priority` are
    kept longest. Counts name the section by its short title. A distinctive title is one that no other document would
    choose: it alone shows that a text is a handoff.
    """

    __slots__ = ("is_distinctive", "priority", "short_title", "title")

    def __init__(self, title: str, *, priority: int, short_title: str = "", is_distinctive: bool = False) -> None:
        self.title = title
        self.short_title = short_title or title
        self.priority = priority
        self.is_distinctive = is_distinctive


class Kind:
    """One kind of fact.

    `group` is the measure's group that it counts in, empty if the measure has none. An agent's sentence under one of the
    `labels`, lead-ins and headings in every language, is of this kind if `by_agent`. `is_recorded` says that an agent may
    record it as it works. A standing kind does not age; an open one is resolved by later work; a retirable one gives way
    to later prose that names its value as replaced.
    """

    __slots__ = (
        "by_agent", "group", "is_open", "is_recorded", "is_retirable", "is_standing", "labels", "name", "section",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        section: Section,
        group: str,
        by_agent: bool = False,
        is_recorded: bool = True,
        labels: str = "",
        is_standing: bool = False,
        is_open: bool = False,
        is_retirable: bool = False,
    ) -> None:
        self.name = name
        self.section = section
        self.group = group
        self.by_agent = by_agent
        self.is_recorded = is_recorded
        self.labels = tuple(labels.split(",")) if labels else ()
        self.is_standing = is_standing
        self.is_open = is_open
        self.is_retirable = is_retirable


_OPEN = Section("Open: next, blocked, questions", short_title="Open: next", priority=11, is_distinctive=True)
_HAPPENED = Section("What happened, and why", short_title="What happened", priority=8, is_distinctive=True)
_LEARNED = Section("Learned: know before you touch", priority=1, is_distinctive=True)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "rule",
            section=Section("Rules (always)", short_title="Rules", priority=12, is_distinctive=True),
            group="rules",
            is_standing=True,
            is_retirable=True,
        ),
        Kind(
            "shared_rule",
            section=Section("Rules for every project", priority=13, is_distinctive=True),
            group="rules",
            is_recorded=False,
            is_standing=True,
        ),
        Kind("goal", section=_OPEN, group="requirements", is_retirable=True),
        Kind("requirement", section=_OPEN, group="requirements", is_standing=True, is_retirable=True),
        Kind(
            "next_step",
            section=_OPEN,
            group="open",
            by_agent=True,
            labels="next,next step,next steps,to do,todo,todos,remaining,not done,not done yet,not yet done,pending,still open,"
            "follow-up,follow-ups,"
            "what's left,what remains,open items,left to do,before next,lanjut,berikutnya,langkah berikutnya,sisanya,belum,belum "
            "selesai,reste à faire,"
            "prochaine étape,prochaines étapes,próximos passos,próximo passo,pendente,próximos pasos,próximo paso,pendiente,"
            "suggested next step,suggested next steps,recommended next steps,natural next steps,immediate next steps,"
            "suggested next command,"
            "nächste schritte,nächster schritt,offen,noch offen,prossimi passi,da fare,следующие шаги,следующий шаг,осталось,дальше,"
            "下一步,后续步骤,后续工作,待办,待办事项,次のステップ,今後の作業,残作業,残タスク,다음 단계,남은 작업,할 일,"
            "bước tiếp theo,việc còn lại,cần làm,sonraki adımlar,sıradaki adımlar,kalan işler,الخطوات التالية,الخطوة التالية,المتبقي",
            is_open=True,
            is_retirable=True,
        ),
        Kind(
            "blocker",
            section=_OPEN,
            group="open",
            by_agent=True,
            labels="blocked,blocker,blockers,blocking,blocked by,waiting for,terhambat,menunggu,bloqué,bloqueado,"
            "blockiert,blocchi,bloccato,заблокировано,блокеры,阻塞,阻塞项,ブロッカー,차단됨,bị chặn,engeller,عوائق",
            is_open=True,
        ),
        Kind(
            "question",
            section=_OPEN,
            group="open",
            labels="open question,open questions,questions,questions for you,pertanyaan,perguntas,preguntas,questions ouvertes,"
            "offene fragen,domande aperte,вопросы,открытые вопросы,待确认,待确认问题,未決事項,確認事項,질문,câu hỏi,sorular,أسئلة",
            is_open=True,
        ),
        Kind(
            "decision",
            section=_HAPPENED,
            group="decisions",
            by_agent=True,
            labels="decided,decision,decisions,verdict,recommendation,recommended,recommended approach,approach,chosen approach,"
            "conclusion,keputusan,"
            "diputuskan,décision,décisions,décidé,decisão,decisões,decisión,decisiones,entscheidung,entscheidungen,decisione,decisioni,"
            "решение,решения,决定,决策,決定事項,결정,결정 사항,quyết định,karar,kararlar,القرار,القرارات",
            is_retirable=True,
        ),
        Kind(
            "done",
            section=_HAPPENED,
            group="outcomes",
            by_agent=True,
            labels="done,what changed,what i changed,what was done,what i did,changes,changes made,completed,summary,implemented,"
            "created,modified,updated,"
            "added,results,result,verification,verified,selesai,yang berubah,perubahan,fait,terminé,modifications,feito,concluído,"
            "alterações,"
            "hecho,cambios,erledigt,änderungen,zusammenfassung,ergebnis,fatto,modifiche,готово,сделано,изменения,итог,已完成,完成情况,"
            "修改内容,变更,総括,変更点,変更内容,完了,완료,변경 사항,변경사항,đã làm,thay đổi,kết quả,yapılanlar,değişiklikler,ما تم,التغييرات",
            is_retirable=True,
        ),
        Kind(
            "error",
            section=Section("Errors and fixes", priority=5),
            group="fixes",
            by_agent=True,
            is_recorded=False,
            labels="error,errors,cause,root cause,the cause,problem,the problem,issue,the issue,the bug,bug,symptom,symptoms,fix,"
            "the fix,fixes,fixed,"
            "solution,penyebab,masalah,solusi,perbaikan,erreur,erreurs,problème,correction,erro,erros,problema,solução,causa,solución,"
            "fehler,ursache,lösung,errore,soluzione,ошибка,причина,решение проблемы,исправление,原因,问题,问题原因,解决方案,修复,エラー,"
            "解決策,修正,오류,원인,해결,lỗi,nguyên nhân,cách sửa,hata,neden,çözüm,الخطأ,السبب,الحل",
        ),
        Kind(
            "dead_end",
            section=Section("Tried, does not work", short_title="Tried", priority=9, is_distinctive=True),
            group="dead ends",
            by_agent=True,
            labels="tried,does not work,doesn't work,didn't work,what didn't work,rejected,ruled out,abandoned,sudah dicoba,tidak berhasil",
        ),
        Kind(
            "lesson",
            section=_LEARNED,
            group="",
            by_agent=True,
            labels="note,notes,lesson,lessons,lessons learned,learned,gotcha,gotchas,caveat,caveats,limitation,limitations,known "
            "limitations,important,"
            "catatan,penting,remarque,remarques,observação,nota,hinweis,hinweise,wichtig,importante,важно,примечание,注意,注意事项,"
            "重要,備考,주의,참고,lưu ý,not,notlar,ملاحظة,ملاحظات",
            is_retirable=True,
        ),
        Kind(
            "value",
            section=_LEARNED,
            group="values",
            by_agent=True,
            is_retirable=True,
        ),
        Kind(
            "file",
            section=Section("Where things are", priority=3),
            group="files",
            by_agent=True,
            is_recorded=False,
            labels="files,key files,files changed,files created,files modified,files updated,new files,changed files,modified files,"
            "berkas,fichiers,"
            "arquivos,archivos",
        ),
        Kind(
            "command",
            section=Section("Commands", priority=2),
            group="commands",
            by_agent=True,
            is_recorded=False,
            labels="command,commands,usage,how to run,run,to run,perintah,commandes,comandos",
            is_retirable=True,
        ),
    )
}
"""Every kind by its name, in the order of the handoff's sections."""
