/** Keyboard: `g` then a letter goes to a page, `/` finds a point, `a` acknowledges, `?` helps. */
import { onBeforeUnmount, onMounted } from 'vue'
import { acknowledgeFirst } from './alarms'
import { go, page, type Page } from './router'

const GO: Record<string, Page> = { o: 'overview', b: 'battery', h: 'history', a: 'alarms', l: 'log', m: 'more' }
const CHORD_MS = 1200

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName))

/** The search box appears after its page: a few frames of patience. */
function focusSearch(tries = 30): void {
  const box = document.querySelector<HTMLInputElement>('[data-search]')
  if (box) box.focus()
  else if (tries > 0) requestAnimationFrame(() => focusSearch(tries - 1))
}

export function listen(actions: { help: () => void }): void {
  let chordAt = -Infinity
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector('dialog[open]')) return
    const chord = event.timeStamp - chordAt < CHORD_MS
    chordAt = event.key === 'g' ? event.timeStamp : -Infinity
    const to = chord ? GO[event.key] : undefined
    if (to) go(to)
    else if (event.key === '?') actions.help()
    else if (event.key === 'a' && !chord) void acknowledgeFirst()
    else if (event.key === '/') {
      event.preventDefault()
      if (page.value !== 'history') go('history')
      focusSearch()
    }
  }
  onMounted(() => addEventListener('keydown', onKey))
  onBeforeUnmount(() => removeEventListener('keydown', onKey))
}
