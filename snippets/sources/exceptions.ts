import { ask, pascal, pythonSnippet, template } from '../define.ts';

const appName = ask(1, 'app_name', 'app');
const AppName = pascal(appName);

export const exceptions = pythonSnippet({
  id: 'S-exceptions',
  name: 'Exceptions (exceptions.py)',
  prefix: 'gr-exceptions',
  description: 'The application’s exceptions under one base: code, friendly message, details and HTTP status.',
  file: 'exceptions.py',
  requirements: ['001-011', '004-037', '004-135', '004-136', '004-137', '004-138'],
  body: template`
"""Exceptions of the application; the error handlers turn them into responses."""

from http import HTTPStatus

from pydantic import JsonValue


class ${AppName}Error(Exception):
    """Base of all exceptions that the application raises itself."""

    code = "${appName}_error"
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    default_message = "Something went wrong on our side"

    def __init__(
        self,
        message: str | None = None,
        details: dict[str, JsonValue] | None = None,
    ) -> None:
        """Say what happened.

        Args:
            message: What the caller may read; the class's own message when left out.
            details: Facts that help to find the cause.
        """
        self.message = message or self.default_message
        self.details = details or {}
        super().__init__(self.message)


class NotFoundError(${AppName}Error):
    """Nothing exists under the name that was asked for, or not for this caller."""

    code = "not_found"
    status = HTTPStatus.NOT_FOUND
    default_message = "We could not find that"


class UnauthorizedError(${AppName}Error):
    """The caller did not prove who they are."""

    code = "unauthorized"
    status = HTTPStatus.UNAUTHORIZED
    default_message = "Please sign in"


class ForbiddenError(${AppName}Error):
    """The caller is known and may not do this."""

    code = "forbidden"
    status = HTTPStatus.FORBIDDEN
    default_message = "You are not allowed to do that"


class BadRequestError(${AppName}Error):
    """The request makes no sense as a whole."""

    code = "bad_request"
    status = HTTPStatus.BAD_REQUEST
    default_message = "We could not make sense of that request"


class ValidationError(${AppName}Error):
    """A value breaks a rule that its schema cannot express."""

    code = "validation_error"
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    default_message = "Some of the values are not valid"


class ConflictError(BadRequestError):
    """The request contradicts what is already stored; the code tells it from other bad requests."""

    code = "conflict"
    default_message = "That contradicts what is already stored"


class ExternalServiceError(${AppName}Error):
    """Another system failed us."""

    code = "external_service_error"
    default_message = "A service that we depend on is not available"
`,
});
