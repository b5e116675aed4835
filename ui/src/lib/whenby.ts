/** "since 11:05 · Li Na": the clock in the site's zone, with its date when that is not today. */
import { t } from './i18n'
import { live, site } from './live'
import { epoch, local } from './time'

export function clockOf(iso: string): string {
  const zone = site.value?.timezone ?? 'UTC'
  const at = local(epoch(iso), zone)
  const today = local(live.value?.t ?? Date.now() / 1000, zone).date
  return at.date === today ? at.clock.slice(0, 5) : `${at.date} ${at.clock.slice(0, 5)}`
}

/** Whom the log names; the site itself names its first start, and the token made then. */
export const nameOf = (by: string): string => (by === 'first start' ? t('first-start') : by)

export function whenBy({ since, by }: { since: string; by: string }): string {
  return [since && t('since', { time: clockOf(since) }), nameOf(by)].filter(Boolean).join(' · ')
}
