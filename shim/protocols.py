"""What type checkers know about a light task: Celery itself is not typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from celery.canvas import Signature
    from celery.result import AsyncResult

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)


class LightTask(Protocol, Generic[P, R_co]):
    """A Celery task whose `delay` takes the parameters of the function."""

    name: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...

    def delay(self, *args: P.args, **kwargs: P.kwargs) -> AsyncResult: ...

    def s(self, *args: Any, **kwargs: Any) -> Signature: ...

    def si(self, *args: P.args, **kwargs: P.kwargs) -> Signature: ...

    def apply_async(
        self,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> AsyncResult: ...

    def __getattr__(self, attribute: str) -> Any: ...
