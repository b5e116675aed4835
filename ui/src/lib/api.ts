/** The site's HTTP API. One function a route; a refusal becomes an ApiError with a sentence in both languages. */
import type {
  Action, Alarm, Battery, CellFrame, Command, Decision, Fault, FaultKind, History, Live, Lock, ManualOrder, Mark, Me, Mode, Plan, Preview, Role, ShadowDay, Site, Tariff, TokenInfo,
  UserInfo, Why, Words,
} from './types'

const TOKEN_KEY = 'leyden-token'
const TIMEOUT_MS = 10_000

export class ApiError extends Error {
  /** `retry_s`: how long the server asks to be left alone, where it says so (429). */
  constructor(readonly status: number, readonly words: Words, readonly retry_s: number | null = null) {
    super(words.en)
  }
}

export const token = {
  get: () => localStorage.getItem(TOKEN_KEY) ?? '',
  set: (value: string) => (value ? localStorage.setItem(TOKEN_KEY, value) : localStorage.removeItem(TOKEN_KEY)),
}

type Query = Record<string, string | number | undefined>

/** A path under /api with its query, relative so that the room works behind any prefix. */
export function url(path: string, query: Query = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value))
  const text = search.toString()
  return `api/${path}${text ? `?${text}` : ''}`
}

const isWords = (value: unknown): value is Words =>
  typeof value === 'object' && value !== null && 'zh' in value && 'en' in value

/** The refusal's own sentence, or one made from the status. */
function wordsOf(status: number, body: unknown): Words {
  const detail: unknown = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : body
  if (isWords(detail)) return detail
  if (Array.isArray(detail)) {
    const text = detail.map((d: { loc?: string[]; msg?: string }) => `${d.loc?.at(-1) ?? ''}: ${d.msg ?? ''}`).join('; ')
    return { zh: text, en: text }
  }
  if (typeof detail === 'string' && detail) return { zh: detail, en: detail }
  return { zh: `服务器回应 ${status}`, en: `The server answered ${status}` }
}

/** The second header tells the server that this room asks, and not a page elsewhere that borrows the cookie. */
export function headers(): Record<string, string> {
  const value = token.get()
  return { 'X-Leyden': '1', ...(value ? { Authorization: `Bearer ${value}` } : {}) }
}

export async function refusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null)
  const wait = Number(response.headers.get('retry-after') ?? NaN)
  return new ApiError(response.status, wordsOf(response.status, body), Number.isFinite(wait) ? wait : null)
}

async function call<T>(method: string, path: string, query?: Query, body?: unknown): Promise<T> {
  const init: RequestInit = { method, headers: headers(), signal: AbortSignal.timeout(TIMEOUT_MS) }
  if (body !== undefined) {
    init.body = JSON.stringify(body)
    init.headers = { ...headers(), 'Content-Type': 'application/json' }
  }
  let response: Response
  try {
    response = await fetch(url(path, query), init)
  } catch {
    throw new ApiError(0, { zh: '连不上服务器', en: 'The server cannot be reached' })
  }
  if (!response.ok) throw await refusal(response)
  return (await response.json()) as T
}

const get = <T>(path: string, query?: Query) => call<T>('GET', path, query)

export const api = {
  site: () => get<Site>('site'),
  snapshot: () => get<Live>('snapshot'),
  history: (points: string[], start: string, end: string, width: number) =>
    get<History>('history', { points: points.join(','), start, end, width }),
  plan: (start: string, end: string) => get<Plan>('plan', { start, end }),
  tariff: (date: string) => get<Tariff>('tariff', { date }),
  cells: (battery: string) => get<CellFrame>(`cells/${encodeURIComponent(battery)}`),
  cellsAt: (battery: string, time: string) => get<CellFrame>(`cells/${encodeURIComponent(battery)}/at`, { time }),
  battery: (name: string) => get<Battery>(`battery/${encodeURIComponent(name)}`),
  decisions: (start: string, end: string, limit = 200) =>
    get<{ decisions: (Decision & { time: string })[] }>('decisions', { start, end, limit }),
  alarms: (start: string, end: string, limit = 200) => get<{ alarms: Alarm[] }>('alarms', { start, end, limit }),
  ack: (id: number, by: string) => call<Alarm>('POST', `alarms/${id}/ack`, {}, { by }),
  preview: (order: ManualOrder) => call<Preview>('POST', 'manual/preview', {}, order),
  manual: (order: ManualOrder) => call<{ command: Command; preview: Preview }>('POST', 'manual', {}, order),
  release: (id: number, by: string) => call<{ released: boolean }>('DELETE', `manual/${id}`, { by }),
  me: () => get<Me>('me'),
  login: (user: string, password: string) => call<{ me: Me }>('POST', 'login', {}, { user, password }),
  logout: () => call<unknown>('POST', 'logout', {}, {}),
  password: (old: string, fresh: string) => call<unknown>('POST', 'password', {}, { old, new: fresh }),
  users: () => get<{ users: UserInfo[] }>('users'),
  addUser: (name: string, role: Role, password: string) => call<unknown>('POST', 'users', {}, { name, role, password }),
  changeUser: (name: string, to: { role?: Role; password?: string; enabled?: boolean }) => call<unknown>('PATCH', `users/${encodeURIComponent(name)}`, {}, to),
  removeUser: (name: string) => call<unknown>('DELETE', `users/${encodeURIComponent(name)}`),
  tokens: () => get<{ tokens: TokenInfo[] }>('tokens'),
  addToken: (label: string, role: Role, expires_s?: number) => call<{ token: string }>('POST', 'tokens', {}, { label, role, expires_s }),
  removeToken: (id: number) => call<unknown>('DELETE', `tokens/${id}`),
  mode: (order: { mark: Mark; site: string; reason: string; by: string }) => call<{ mode: Mode }>('POST', 'mode', {}, order),
  lock: (order: { target: string; reason: string; by: string }) => call<{ locks: Lock[] }>('POST', 'locks', {}, order),
  unlock: (target: string, reason: string, by: string) => call<{ locks: Lock[] }>('DELETE', `locks/${encodeURIComponent(target)}`, { reason, by }),
  shadow: () => get<{ today: ShadowDay | null; days: ShadowDay[] }>('shadow'),
  demand: (power_w: number, reason: string, by: string) => call<{ demand_month_w: number | null }>('POST', 'demand', {}, { power_w, reason, by }),
  actions: (start: string, end: string, limit = 1000) => get<{ actions: Action[] }>('actions', { start, end, limit }),
  why: (time: string) => get<Why>('why', { time }),
  resetLatch: (battery: string) => call<unknown>('POST', 'twin/reset', {}, { battery }),
  faults: () => get<{ kinds: FaultKind[]; active: Fault[] }>('twin/faults'),
  putFault: (kind: string, target: string, params: Record<string, number>) =>
    call<{ id: number }>('POST', 'twin/faults', {}, { kind, target, params }),
  takeFault: (id: number) => call<unknown>('DELETE', `twin/faults/${id}`),
}
