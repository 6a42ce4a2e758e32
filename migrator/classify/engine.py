"""Findings -> verdicts: vetoes, then evidence, then the score, then a person's word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrator.classify.context import TaskContext
from migrator.classify.evidence import sufficient
from migrator.classify.overrides import Decision, decision_for
from migrator.classify.project import Project
from migrator.classify.registry import Registered, findings_of, load
from migrator.classify.targets import choose_target
from migrator.classify.weights import (
    HEAVY_AT_LEAST,
    LIGHT_AT_MOST,
    OBJECTION_AT_LEAST,
    WEIGHTS,
)
from migrator.errors import ConfigurationError
from migrator.model import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from migrator.config import Override
    from migrator.model import Evidence, Finding, Inventory

# A rule that sees the same thing everywhere shall not bury the others.
MAX_FINDINGS_OF_A_RULE = 5


@dataclass(frozen=True)
class _Engine:
    project: Project
    registered: tuple[Registered, ...]
    weights: Mapping[str, int]
    overrides: Mapping[str, Override]

    @property
    def measurable(self) -> frozenset[str]:
        return frozenset(r.rule.id for r in self.registered if r.rule.is_measurable)

    def judge(
        self, context: TaskContext, earlier: Iterable[Finding], *, late: bool
    ) -> tuple[Finding, ...]:
        findings = list(earlier)
        for registered in self.registered:
            if registered.rule.needs_levels is late:
                findings += self.weighted(findings_of(registered, context))
        return tuple(findings)

    def weighted(self, findings: Sequence[Finding]) -> list[Finding]:
        """The rule's weight on the first finding that carries one, and only there."""
        result: list[Finding] = []
        is_counted = False
        for finding in dict.fromkeys(findings):
            counts = bool(finding.weight) and not is_counted
            weight = self.weights.get(finding.rule, 0) if counts else 0
            is_counted = is_counted or counts
            result.append(replace(finding, weight=weight))
        return _shortened(sorted(result, key=_vetoes_first))

    def level(self, context: TaskContext, findings: tuple[Finding, ...]) -> Level:
        """Vetoes before scores; unknown is never light unless it was measured."""
        if any(finding.is_veto for finding in findings):
            return Level.HEAVY
        score = sum(finding.weight for finding in findings)
        rules = {finding.rule for finding in findings if finding.weight}
        if score >= HEAVY_AT_LEAST or "measured-slow" in rules:
            return Level.HEAVY
        is_measured = context.evidence is not None and context.evidence.p95 is not None
        open_questions = [
            finding
            for finding in findings
            if finding.is_unknown
            and not (is_measured and finding.rule in self.measurable)
        ]
        objections = [f for f in findings if f.weight >= OBJECTION_AT_LEAST]
        if "measured-fast" in rules:
            objections = []
        is_light = score <= LIGHT_AT_MOST and not open_questions and not objections
        return Level.LIGHT if is_light else Level.REVIEW

    def verdict(self, context: TaskContext, findings: tuple[Finding, ...]) -> Verdict:
        computed = self.level(context, findings)
        decision = _already_moved(context) or decision_for(context.task, self.overrides)
        level = decision.level if decision and decision.level else computed
        target = choose_target(context, level, decision)
        is_confirmed = (
            level is Level.LIGHT
            and context.evidence is not None
            and any(f.rule in {"measured-fast", "measured-moderate"} for f in findings)
        )
        return Verdict(
            task=context.task.name,
            level=level,
            score=sum(finding.weight for finding in findings),
            findings=strongest_first(findings, level),
            is_confirmed=is_confirmed,
            overridden_by=decision.origin if decision else "",
            target=target.target,
            target_reason=target.reason,
            runner_up=target.runner_up,
            runner_up_reason=target.runner_up_reason,
        )


def classify(
    inventory: Inventory,
    *,
    weights: Mapping[str, int] | None = None,
    overrides: Mapping[str, Override] | None = None,
    evidence: Sequence[Evidence] = (),
) -> tuple[Verdict, ...]:
    """One verdict for each task, in the order of `inventory.tasks`.

    `weights` replace single weights of the table by rule id; ConfigurationError for
    an id that has none. Evidence below 30 runs or one full period changes nothing.
    """
    project = Project(inventory)
    engine = _Engine(project, load(), _weights(weights or {}), overrides or {})
    measured = {e.task: e for e in evidence}
    contexts, early = [], []
    for task in inventory.tasks:
        context = TaskContext(task, project)
        thin = measured.get(task.name)
        usable = sufficient(context, thin) if thin else None
        context = TaskContext(task, project, usable.evidence if usable else None)
        notes = usable.findings if usable else ()
        contexts.append(context)
        early.append(engine.judge(context, notes, late=False))
    levels = {
        context.task.name: engine.level(context, findings)
        for context, findings in zip(contexts, early, strict=True)
    }
    verdicts = []
    for context, findings in zip(contexts, early, strict=True):
        informed = TaskContext(context.task, project, context.evidence, levels)
        complete = engine.judge(informed, findings, late=True)
        verdicts.append(engine.verdict(informed, complete))
    return tuple(verdicts)


def _weights(changed: Mapping[str, int]) -> dict[str, int]:
    if unknown := sorted(set(changed) - set(WEIGHTS)):
        raise ConfigurationError(
            f"there is no weighted rule {unknown[0]!r}",
            where="pyproject.toml: [tool.migrate.weights]",
            hint=f"Rules with a weight: {', '.join(sorted(WEIGHTS))}.",
        )
    return {**WEIGHTS, **changed}


def _already_moved(context: TaskContext) -> Decision | None:
    if not context.task.is_light:
        return None
    return Decision(
        Level.LIGHT, f"light_task {context.task.decorator}", "it has been moved"
    )


def _shortened(findings: list[Finding]) -> list[Finding]:
    """At most MAX_FINDINGS_OF_A_RULE; the last one tells how many were left out."""
    kept = findings[:MAX_FINDINGS_OF_A_RULE]
    if left_out := len(findings) - len(kept):
        kept[-1] = replace(kept[-1], message=f"{kept[-1].message} (+{left_out} more)")
    return kept


def _vetoes_first(finding: Finding) -> tuple[bool, bool, bool]:
    return (not finding.is_veto, not finding.weight, not finding.is_unknown)


def strongest_first(findings: Iterable[Finding], level: Level) -> tuple[Finding, ...]:
    """Vetoes; then what speaks most for the level (for review: what is unknown)."""

    def strength(finding: Finding) -> tuple[int, float, str]:
        if finding.is_veto:
            return (0, 0, finding.rule)
        if level is Level.REVIEW and finding.is_unknown:
            return (1, 0, finding.rule)
        weight = finding.weight
        wanted = -abs(weight) if level is Level.REVIEW else weight
        ordered = -wanted if level is Level.HEAVY else wanted
        return (2, ordered, finding.rule)

    return tuple(sorted(findings, key=strength))
