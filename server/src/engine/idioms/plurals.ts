/**
 * Whether an English noun is written in the singular, by its ending and a few exceptions. Undefined when that cannot be
 * told: words whose forms are alike, words that have no plural, and endings that both forms share (`menus`, `status`).
 */
export function isSingular(word: string): boolean | undefined {
  const lower = word.toLowerCase();
  if (!/^[a-z]{2,}$/.test(lower) || undecided.has(lower)) return undefined;
  if (irregularPlurals.has(lower)) return false;
  if (/(ss)$/.test(lower)) return true;
  // Adjectives and participles have no number: `external`, `archived`.
  if (adjectives.has(lower) || /[^e]ed$/.test(lower)) return undefined;
  if (/(us|is)$/.test(lower)) return undefined;
  if (lower.endsWith('s')) return false;
  if (
    /(ware|ics|ing|ness|ity|ment|ance|ence|ship|age|ata|ia|ices|people|men|children)$/.test(lower) &&
    !counted.has(lower)
  )
    return undefined;
  return true;
}

const adjectives = new Set([
  'active',
  'additional',
  'available',
  'closed',
  'custom',
  'external',
  'general',
  'global',
  'individual',
  'local',
  'new',
  'old',
  'open',
  'optional',
  'personal',
  'popular',
  'recent',
  'social',
]);

const irregularPlurals = new Set([
  'alumni',
  'children',
  'criteria',
  'feet',
  'geese',
  'men',
  'mice',
  'people',
  'phenomena',
  'schemata',
  'teeth',
  'women',
]);

/** Words that are counted although they end like those that are not. */
const counted = new Set([
  'activity',
  'appointment',
  'article',
  'city',
  'comment',
  'community',
  'department',
  'document',
  'entity',
  'image',
  'instance',
  'invoice',
  'language',
  'message',
  'meeting',
  'package',
  'page',
  'payment',
  'preference',
  'reference',
  'sequence',
  'shipment',
  'stage',
  'village',
]);

/** Words without a plural, or whose plural is the same, or that name one thing of the caller's. */
const undecided = new Set([
  'access',
  'about',
  'account',
  'admin',
  'all',
  'analytics',
  'api',
  'audio',
  'auth',
  'authentication',
  'authorization',
  'billing',
  'by',
  'cache',
  'cart',
  'chat',
  'checkout',
  'config',
  'configuration',
  'content',
  'current',
  'dashboard',
  'data',
  'debug',
  'default',
  'download',
  'equipment',
  'export',
  'feedback',
  'files',
  'graphql',
  'health',
  'healthz',
  'help',
  'history',
  'home',
  'import',
  'info',
  'information',
  'internal',
  'inventory',
  'latest',
  'login',
  'logout',
  'mail',
  'me',
  'media',
  'metadata',
  'money',
  'music',
  'my',
  'news',
  'oauth',
  'ping',
  'private',
  'public',
  'query',
  'queue',
  'random',
  'raw',
  'ready',
  'root',
  'search',
  'self',
  'series',
  'sheep',
  'sign',
  'species',
  'staff',
  'stock',
  'storage',
  'stuff',
  'support',
  'sync',
  'system',
  'test',
  'traffic',
  'upload',
  'version',
  'video',
  'weather',
  'webhook',
  'work',
]);
