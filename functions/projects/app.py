"""The projects endpoints: create, list, read, change, delete, and what is filed in one."""

from typing import Annotated, Final, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.depends import Depends
from aws_lambda_powertools.event_handler.openapi.params import Query

from colloquy import wiring
from colloquy.domain.page import DEFAULT_LIMIT, PageRequest
from colloquy.http.caller import CallerId
from colloquy.http.conditions import IfMatch, OnceOnly, revisions
from colloquy.http.conversations import ConversationOut
from colloquy.http.models import After, ArchivedFilter, Limit, ListOut, OrderBy, list_of
from colloquy.http.projects import ProjectCreate, ProjectOut, ProjectPatch
from colloquy.http.resolver import Api, answer, no_content
from colloquy.observability import logger, measure
from colloquy.services.projects import Projects

api: Final = Api()
lambda_handler: Final = api.handle

Service = Annotated[Projects, Depends(wiring.projects)]


@api.post("/v1/projects", status_code=201, tags=["projects"])
def create_project(
    caller: CallerId, service: Service, once: OnceOnly, body: ProjectCreate
) -> Response[ProjectOut]:
    """Create a project.

    Its instructions are the model's system prompt in the conversations that are filed in it.
    """
    written = service.create(caller, body.draft(), once)
    project = written.value
    if not written.replayed:
        logger.info("project created", project_id=project.id)
    return answer(
        ProjectOut.model_validate(project),
        status=201,
        replayed=written.replayed,
        location=f"/v1/projects/{project.id}",
        etag=project.etag,
    )


@api.get("/v1/projects", tags=["projects"])
def list_projects(
    caller: CallerId,
    service: Service,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    order: OrderBy = "desc",
) -> ListOut[ProjectOut]:
    """List the caller's projects by creation.

    The newest stand first.
    """
    page = service.find(caller, PageRequest(limit, after, order))
    return list_of(ProjectOut, page.data, next_after=page.next_after)


@api.get("/v1/projects/<project_id>", tags=["projects"])
def read_project(project_id: str, caller: CallerId, service: Service) -> Response[ProjectOut]:
    """Read one project.

    Its conversations are listed by GET …/conversations.
    """
    project = service.get(caller, project_id)
    return answer(ProjectOut.model_validate(project), etag=project.etag)


@api.patch("/v1/projects/<project_id>", tags=["projects"])
def update_project(
    project_id: str,
    caller: CallerId,
    service: Service,
    body: ProjectPatch,
    if_match: IfMatch = None,
) -> Response[ProjectOut]:
    """Change what is sent of a project.

    A field left out stays as it is; null takes the description or the instructions away.
    """
    project = service.update(caller, project_id, body.changes(), revisions(if_match))
    logger.info("project changed", project_id=project_id)
    return answer(ProjectOut.model_validate(project), etag=project.etag)


@api.delete("/v1/projects/<project_id>", status_code=204, tags=["projects"])
def delete_project(
    project_id: str,
    caller: CallerId,
    service: Service,
    if_match: IfMatch = None,
    conversations: Annotated[
        Literal["keep", "delete"], Query(description="What becomes of those filed in it.")
    ] = "keep",
) -> Response[None]:
    """Delete a project; what is filed in it stays, outside of any project, or goes with it.

    Where more is filed than one request can move, the answer is a 503, and the same request goes
    on. The project itself is gone from the first answer on.
    """
    with_them = conversations == "delete"
    left = service.delete(caller, project_id, revisions(if_match), with_conversations=with_them)
    logger.info("project deleted", project_id=project_id, conversations=left, deleted=with_them)
    if with_them:
        measure("ConversationsDeleted", left)
    return no_content()


@api.get("/v1/projects/<project_id>/conversations", tags=["projects"])
def list_project_conversations(
    project_id: str,
    caller: CallerId,
    service: Service,
    limit: Limit = DEFAULT_LIMIT,
    after: After = None,
    order: OrderBy = "desc",
    archived: ArchivedFilter = "false",
) -> ListOut[ConversationOut]:
    """List the conversations filed in a project by creation.

    As GET /v1/conversations lists them.
    """
    request = PageRequest(limit, after, order)
    page = service.conversations_in(caller, project_id, request, archived)
    return list_of(ConversationOut, page.data, next_after=page.next_after)
