import { ask, pascal, pythonSnippet, spoken, template } from '../define.ts';

const moduleName = ask(1, 'module_name', 'module_name');
const ModuleName = pascal(moduleName);
const calculation = ask(2, 'function', moduleName);
const knownInput = ask(3, 'known_input', 'datetime(1970, 1, 16, tzinfo=UTC)');
const expectedValue = ask(4, 'expected_value', '0.5');
const subscription = ask(5, 'subscription', 'user.updated');
const eventName = ask(6, 'event_name', 'calculated');
const configKey = ask(7, 'config_key', 'cycle_days');
const configDefault = ask(8, 'config_default', '30');
const field = ask(9, 'field', 'value');

export const testModule = pythonSnippet({
  id: 'S-test-module',
  name: 'Module tests (tests/test_<module>.py)',
  prefix: 'gr-module-test',
  description:
    'Tests of a module: initialisation, known and missing data, events, synthesis, integration. The folder needs an __init__.py.',
  file: template`tests/test_${moduleName}.py`,
  requirements: [
    '000-029',
    '000-030',
    '000-031',
    '000-060',
    '000-061',
    '000-062',
    '000-063',
    '000-064',
    '000-065',
    '000-067',
    '003-013',
    '003-043',
    '003-044',
    '003-045',
    '003-046',
    '003-055',
  ],
  body: template`
"""Tests of the ${moduleName} module."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import AsyncMock, Mock
from uuid import UUID

import pytest
from pydantic import ValidationError

from .. import module as module_file
from ..module import ${ModuleName}Module
from ..schemas import ConfigValue, ${ModuleName}Input
from ..service import calculate_${calculation}

USER_ID = UUID("3f2b8c1e-5d47-4a8e-9c60-1b7d2e9f4a35")
KNOWN_MOMENT = ${knownInput}
EXPECTED_VALUE = ${expectedValue}
STORED_CONFIG: dict[str, ConfigValue] = {"${configKey}": ${configDefault}, "confidence": 0.9}


async def open_session() -> AsyncIterator[AsyncMock]:
    """Yield a session that finds the stored configuration.

    Yields:
        The session.
    """
    session = AsyncMock()
    row = SimpleNamespace(config=STORED_CONFIG)
    session.execute.return_value = Mock(scalar_one_or_none=Mock(return_value=row))
    yield session


@pytest.fixture(autouse=True)
def bus(monkeypatch: pytest.MonkeyPatch) -> AsyncMock:
    """Put a recording event bus in the place of the application's.

    Args:
        monkeypatch: Undoes the replacement after the test.

    Returns:
        The recording bus.
    """
    recorder = AsyncMock()
    recorder.subscribe = Mock()
    monkeypatch.setattr(module_file, "event_bus", recorder)
    return recorder


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ${ModuleName}Module:
    """Make a module that reads the stored configuration.

    Args:
        monkeypatch: Undoes the replacement after the test.

    Returns:
        The module, not yet initialized.
    """
    monkeypatch.setattr(module_file, "async_get_db", open_session)
    return ${ModuleName}Module()


@pytest.mark.asyncio
async def test_initialize_with_stored_row_loads_config(module: ${ModuleName}Module) -> None:
    """The configuration comes from the database."""
    await module.initialize()

    assert module.initialized
    assert module.config["${configKey}"] == STORED_CONFIG["${configKey}"]


@pytest.mark.asyncio
async def test_calculate_${calculation}_known_input_returns_expected_value() -> None:
    """The calculation gives the verified result."""
    source = ${ModuleName}Input(user_id=USER_ID, moment=KNOWN_MOMENT)

    result = await calculate_${calculation}(source, STORED_CONFIG)

    assert result.${field} == pytest.approx(EXPECTED_VALUE)


@pytest.mark.asyncio
async def test_handle_event_missing_data_publishes_nothing(
    module: ${ModuleName}Module,
    bus: AsyncMock,
) -> None:
    """An event without its moment is refused."""
    await module.initialize()

    with pytest.raises(ValidationError):
        await module.handle_event({"user_id": str(USER_ID)})

    bus.publish.assert_not_awaited()


@pytest.mark.asyncio
async def test_handle_event_known_input_publishes_result(
    module: ${ModuleName}Module,
    bus: AsyncMock,
) -> None:
    """The result goes out as an event."""
    source = ${ModuleName}Input(user_id=USER_ID, moment=KNOWN_MOMENT)
    await module.initialize()

    await module.handle_event(source.model_dump(mode="json"))

    topic, body = bus.publish.await_args.args
    assert topic == "${moduleName}.${eventName}"
    assert body["${field}"] == pytest.approx(EXPECTED_VALUE)


@pytest.mark.asyncio
async def test_contribute_to_synthesis_returns_profile_and_insights(
    module: ${ModuleName}Module,
) -> None:
    """The synthesis gets the whole contribution."""
    await module.initialize()

    contribution = await module.contribute_to_synthesis(USER_ID)

    assert contribution.keys() == {"module", "layer", "data", "insights", "metadata"}
    assert contribution["module"] == module.name
    assert contribution["insights"]
    assert contribution["metadata"] == {"confidence": STORED_CONFIG["confidence"]}


@pytest.mark.asyncio
async def test_initialize_subscribes_to_bus(
    module: ${ModuleName}Module,
    bus: AsyncMock,
) -> None:
    """The event bus knows the module's handler (${spoken(moduleName)})."""
    await module.initialize()

    bus.initialize.assert_awaited_once_with()
    bus.subscribe.assert_called_once_with("${subscription}", module.handle_event)
`,
});
