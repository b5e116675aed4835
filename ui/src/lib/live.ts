/**
 * The site as it is now: one event stream, full frames and deltas merged, and the age of what is shown.
 * Nothing here guesses: what was not received is not shown, and what is old says so.
 */
import { computed, ref, shallowRef } from 'vue'
import { ApiError, api, token, url } from './api'
import { askLogin } from './auth'
import { refreshMe } from './me'
import type { Delta, Live, Quality, Site } from './types'

const STALE_S = 3
const GONE_S = 60
const DEAD_S = 15 // three pings of the server missed: the line is dead though the socket may not know it
const RETRY_S = [1, 2, 4, 8, 15]

export type Line = 'connecting' | 'open' | 'lost'

export const site = shallowRef<Site | null>(null)
export const live = shallowRef<Live | null>(null)
export const line = ref<Line>('connecting')
/** Wall clock in seconds, four times a second: ages and countdowns follow it. */
export const wall = ref(now())
export const retryAt = ref(0)
/** Why the site cannot be shown, as the server or the network said it. */
export const trouble = shallowRef<ApiError | null>(null)

const dataAt = ref(0)
let heardAt = 0
let failures = 0
let source: EventSource | null = null
let timer = 0

function now(): number {
  return performance.now() / 1000
}

/** Wall seconds since the newest data event. */
export const age = computed(() => (dataAt.value ? Math.max(0, wall.value - dataAt.value) : Infinity))
export const staleAfter = computed(() => Math.max(STALE_S, (3 * (site.value?.period_s ?? 1)) / (site.value?.speed || 1)))
export const stale = computed(() => live.value != null && age.value > staleAfter.value)
/** After a minute without data the last values say nothing any more: dashes stand in their place. */
export const gone = computed(() => live.value != null && age.value > GONE_S)
export const ready = computed(() => site.value != null && live.value != null)

/** The worst quality among some points; a stale line makes everything stale. */
export function qualityOf(names: string[], frame: Live | null = live.value): Quality {
  const found = names.map((name) => frame?.bad[name] ?? 'GOOD')
  if (found.includes('BAD')) return 'BAD'
  return stale.value || found.includes('STALE') ? 'STALE' : 'GOOD'
}

function onData(): void {
  heardAt = now()
  dataAt.value = heardAt
  failures = 0
  line.value = 'open'
  trouble.value = null
}

function onFull(event: MessageEvent<string>): void {
  live.value = JSON.parse(event.data) as Live
  onData()
}

function onDelta(event: MessageEvent<string>): void {
  const before = live.value
  if (!before) return
  const delta = JSON.parse(event.data) as Delta
  live.value = { ...before, ...delta, points: { ...before.points, ...delta.points } }
  onData()
}

function disconnect(): void {
  source?.close()
  source = null
}

/** Closes the line and comes back after a pause that grows with each failure. */
function lose(error: ApiError | null = null): void {
  disconnect()
  line.value = 'lost'
  trouble.value = error
  const pause = RETRY_S[Math.min(failures, RETRY_S.length - 1)]!
  failures += 1
  retryAt.value = now() + pause
  clearTimeout(timer)
  timer = window.setTimeout(() => void connect(), pause * 1000)
}

/** Trying again as nobody would only be refused again. */
async function waitForLogin(reason: ApiError): Promise<void> {
  clearTimeout(timer)
  retryAt.value = Infinity
  if (await askLogin(reason.words)) await connect()
}

/** The description first (a stream cannot say why it was refused), then the stream. */
export async function connect(): Promise<void> {
  clearTimeout(timer)
  disconnect()
  if (line.value !== 'lost') line.value = 'connecting'
  try {
    const who = refreshMe()
    site.value = await api.site()
    await who
  } catch (error) {
    const reason = error instanceof ApiError ? error : null
    if (reason?.status === 401 && token.get()) {
      token.set('') // one that is no longer right must not stand in the way of who may read without
      return connect()
    }
    lose(reason)
    if (reason?.status === 401) await waitForLogin(reason)
    return
  }
  heardAt = now()
  source = new EventSource(url('stream', { token: token.get() || undefined }))
  source.addEventListener('full', onFull)
  source.addEventListener('delta', onDelta)
  source.addEventListener('ping', () => (heardAt = now()))
  source.onerror = () => lose()
}

setInterval(() => {
  wall.value = now()
  if (source && wall.value - heardAt > DEAD_S) lose()
}, 250)

// A laptop that wakes up should not wait for its back-off; and a role may have changed while nobody looked.
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState !== 'visible') return
  if (line.value === 'lost') void connect()
  else void refreshMe()
})
