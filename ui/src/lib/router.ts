/** Pages by the address after '#', so that one static file serves them all and a view can be sent as a link. */
import { computed, ref } from 'vue'
import { token } from './api'

export const PAGES = ['overview', 'battery', 'history', 'alarms', 'log', 'more'] as const
export type Page = (typeof PAGES)[number]

/** `#token=...` comes from the line printed at first start; it must not stay in the address bar or the history. */
function takeToken(): void {
  const found = /^#\/?(?:\?)?token=([^&]+)/.exec(location.hash)
  if (!found) return
  token.set(decodeURIComponent(found[1]!))
  history.replaceState(null, '', `${location.pathname}${location.search}#/overview`)
}

takeToken()
const hash = ref(location.hash)
addEventListener('hashchange', () => {
  takeToken()
  hash.value = location.hash
})

export const page = computed<Page>(() => {
  const name = hash.value.replace(/^#\/?/, '').split('?')[0]
  return PAGES.find((p) => p === name) ?? 'overview'
})

export const query = computed(() => new URLSearchParams(hash.value.split('?')[1] ?? ''))

export const link = (to: Page): string => `#/${to}`
/** The History page with these points over a day. */
export const trendOf = (points: string[]): string => `#/history?${new URLSearchParams({ points: points.join(','), span: 'day' })}`
/** The decision at an instant, on the log page. */
export const whyAt = (iso: string): string => `#/log?${new URLSearchParams({ view: 'why', time: iso })}`
export const go = (to: Page): void => void (location.hash = link(to))

/** Keeps a page's state in the address without a new entry in the browser's history. */
export function setQuery(values: Record<string, string>): void {
  const search = new URLSearchParams(values).toString()
  history.replaceState(null, '', `${location.pathname}${location.search}#/${page.value}${search ? `?${search}` : ''}`)
  hash.value = location.hash
}
