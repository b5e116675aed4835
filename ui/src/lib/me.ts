/** Who this browser is to the site, and what that lets it do. The server decides; this only tells beforehand. */
import { computed, shallowRef } from 'vue'
import { ApiError, api, token } from './api'
import { t } from './i18n'
import { operator } from './prefs'
import { reaches } from './roles'
import type { Me, Role, Words } from './types'

export const me = shallowRef<Me | null>(null)

/** Nobody has said who they are: reading only, and an action asks for a login. */
export const nobody = computed(() => me.value == null || me.value.via == null || me.value.via === 'open')

export async function refreshMe(): Promise<void> {
  try {
    me.value = await api.me()
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    if (error.status === 401 || error.status === 403) me.value = { name: null, role: null, via: null, users: me.value?.users ?? false }
  }
}

export const can = (need: Role): boolean => reaches(me.value?.role ?? null, need)

/** Why somebody who has said who they are may not do this; empty when they may, or when a login would be asked for. */
export const denied = (need: Role): string =>
  nobody.value || can(need) ? '' : t('role-needed', { need: t(`role-${need}`), role: t(`role-${me.value!.role ?? 'viewer'}`) })

/** The same in both languages is not needed: it is shown at once, where it was asked. */
export const deniedWords = (need: Role): Words => ({ zh: denied(need), en: denied(need) })

/** Under which name an action goes into the log; the server takes a logged-in person's own. */
export const acting = (): string => (me.value?.via === 'session' && me.value.name) || operator.value || 'operator'

export async function login(user: string, password: string): Promise<void> {
  const answer = await api.login(user, password)
  token.set('') // from here on the session says who we are
  me.value = answer.me
}

/** Takes a machine's token for this browser, if the site knows it; else everything stays as it was. */
export async function useToken(secret: string): Promise<void> {
  const before = token.get()
  token.set(secret)
  try {
    const found = await api.me()
    if (found.via !== 'token') throw new ApiError(401, { zh: '令牌无效或已过期', en: 'This token is not valid, or has expired' })
    me.value = found
  } catch (error) {
    token.set(before)
    throw error
  }
}

/** Ends the session and forgets the token: nothing is left in this browser that may write. */
export async function logout(): Promise<void> {
  if (me.value?.via === 'session') await api.logout()
  token.set('')
  await refreshMe()
}
