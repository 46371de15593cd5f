import {
  annotatedClass,
  argumentsOf,
  defineRule,
  type Node,
  parametersOf,
  py,
  routesOf,
  type SourceFile,
  type TypedNode,
} from '../../engine/index.ts';

type Definition = TypedNode<'function_definition'>;

export default defineRule({
  code: 'GR619',
  name: 'upload-without-check',
  family: 'api',
  severity: 'warning',
  standards: ['backend'],
  summary: 'An uploaded file is used without a look at its type or size',
  advice: 'Compare `content_type` and `size` with what is allowed before the file is read',
  why: 'An upload is whatever the client sends. Read without a limit one request fills the memory or the disk, and stored without a look at its type a page with a script is served as an image.',
  fix: 'none',
  requirements: ['004-166'],
  peers: [],
  mentions: ['UploadFile'],
  examples: [
    {
      bad: py`
        import shutil
        from typing import Annotated

        from fastapi import APIRouter, File, UploadFile

        router = APIRouter()


        @router.post("/avatars")
        async def upload_avatar(image: UploadFile) -> None:
        #                       ^^^^^^^^^^^^^^^^^ GR619 none: \`image\` is used without a look at its type or size; compare \`image.content_type\` and \`image.size\` with what is allowed.
            await store(await image.read(), image.filename)


        @router.post("/albums")
        async def upload_album(images: Annotated[list[UploadFile], File()], cover: UploadFile | None = None) -> None:
        #                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR619 none
        #                                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ GR619 none
            for image in images:
                shutil.copyfileobj(image.file, target)
            shutil.copyfileobj(cover.file, target)
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, HTTPException, UploadFile

        router = APIRouter()


        @router.post("/avatars")
        async def upload_avatar(image: UploadFile) -> None:
            if image.content_type not in ALLOWED:
                raise HTTPException(400)
            await store(await image.read())


        @router.post("/reports")
        async def upload_report(report: UploadFile) -> None:
            content = await report.read()
            if len(content) > LIMIT:
                raise HTTPException(400)
            await store(content)


        @router.post("/tables")
        async def upload_table(table: UploadFile) -> None:
            if not table.filename.endswith(".csv"):
                raise HTTPException(400)
            await store(await table.read(LIMIT))
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, UploadFile

        router = APIRouter()


        @router.post("/avatars")
        async def upload_avatar(image: UploadFile, other: UploadFile) -> None:
            await service.save_avatar(image)


        async def save(image: UploadFile) -> None:
            await store(await image.read())
      `,
    },
    {
      ok: py`
        from fastapi import APIRouter, UploadFile

        from app.bundles import read_bundle

        router = APIRouter()


        @router.post("/bundles")
        async def upload_bundle(bundle: UploadFile) -> None:
            await store(read_bundle(bundle.file), bundle.filename)
      `,
    },
  ],
  on: {
    function_definition(handler, file) {
      if (!handler.parent?.is('decorated_definition')) return undefined;
      const uploads = parametersOf(handler).filter(
        (parameter) => parameter.annotation?.text.includes('UploadFile') && isUpload(file, parameter.annotation),
      );
      if (uploads.length === 0 || routesOf(file, handler).length === 0) return undefined;
      return uploads
        .filter((parameter) => isUsedBlindly(file, handler, parameter.name))
        .map(({ node, name }) => ({
          at: node,
          message: `\`${name}\` is used without a look at its type or size; compare \`${name}.content_type\` and \`${name}.size\` with what is allowed.`,
        }));
    },
  },
});

const uploadClasses = new Set([
  'fastapi.UploadFile',
  'fastapi.datastructures.UploadFile',
  'starlette.datastructures.UploadFile',
]);

/** `UploadFile`, with `None` beside it, in `Annotated`, or in a list. */
function isUpload(file: SourceFile, annotation: Node): boolean {
  const named = annotatedClass(file, annotation);
  if (uploadClasses.has(file.qualified(named) ?? '')) return true;
  return annotation
    .below('identifier')
    .some((name) => uploadClasses.has(file.qualified(name) ?? '') && annotation.text.includes('['));
}

/**
 * Whether a handler reads or stores an upload, and nothing in it looks at a type or a size. An upload that is passed on
 * as it is, or its open file, may be checked where it goes.
 */
function isUsedBlindly(file: SourceFile, handler: Definition, name: string): boolean {
  const body = handler.field('body');
  const names = new Set([name]);
  for (const loop of body.below('for_statement', 'for_in_clause')) {
    const [target, source] = [loop.field('left'), loop.field('right')];
    if (target.is('identifier') && source?.is('identifier') && names.has(source.text)) names.add(target.text);
  }
  let isUsed = false;
  for (const use of body.below('identifier')) {
    if (!names.has(use.text)) continue;
    const { parent } = use;
    if (parent?.is('attribute') && use.isField('object')) {
      const member = parent.field('attribute').text;
      if (looks.has(member) || (member === 'filename' && isCompared(parent))) return false;
      if (!readers.has(member)) continue;
      const call = parent.parent;
      if (member === 'file' && call?.is('argument_list', 'keyword_argument') && !isCopied(file, parent)) return false;
      // `read(limit)` never holds more than the limit.
      if (call?.is('call') && member === 'read' && argumentsOf(call).positional.length > 0) return false;
      isUsed = true;
    } else if (parent?.is('argument_list', 'keyword_argument', 'return_statement', 'list', 'tuple', 'pair')) {
      if (!(parent.is('keyword_argument') && use.isField('name'))) return false;
    } else if (parent?.is('assignment') && use.isField('right')) return false;
  }
  return isUsed && !body.below('call').some((call) => checkers.test(call.field('function').text.slice(-80)));
}

/** `shutil.copyfileobj` takes all there is; what other functions do with an open file nobody can tell here. */
function isCopied(file: SourceFile, opened: Node): boolean {
  const call = opened.above('call');
  return call !== undefined && file.qualified(call.field('function')) === 'shutil.copyfileobj';
}

const looks = new Set(['content_type', 'size', 'headers']);
const readers = new Set(['read', 'file', 'seek', 'write']);
/** What a handler calls that looks at a length, an extension or the content. */
const checkers = /(?:^|[._])(?:len|stat|getsize|tell)$|valid|check|verify|magic|guess|sniff|filetype/i;

/** Whether a file's name is looked at, not only used: compared, searched, or split for its extension. */
function isCompared(attribute: Node): boolean {
  for (let node = attribute.parent; node && !node.is('block'); node = node.parent) {
    if (node.is('comparison_operator')) return true;
    if (node.is('attribute') && nameMethods.has(node.field('attribute').text)) return true;
    if (node.is('call') && /splitext|guess_type|suffix|extension/i.test(node.field('function').text)) return true;
  }
  return false;
}

const nameMethods = new Set(['endswith', 'suffix', 'suffixes', 'split', 'rsplit', 'rpartition', 'partition', 'match']);
