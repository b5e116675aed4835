/** What this browser remembers: language, theme, animation, the operator's name. The address may set language and theme. */
import { ref, watch, watchEffect } from 'vue'

export type Lang = 'zh' | 'en'
export type ThemeChoice = 'auto' | 'light' | 'dark'

const query = new URLSearchParams(location.search)
const saved = (key: string) => query.get(key) ?? localStorage.getItem(`leyden-${key}`)

function oneOf<T extends string>(value: string | null, choices: readonly T[], otherwise: T): T {
  return choices.find((choice) => choice === value) ?? otherwise
}

const fromBrowser: Lang = navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
const osDark = matchMedia('(prefers-color-scheme: dark)')

export const lang = ref<Lang>(oneOf(saved('lang'), ['zh', 'en'], fromBrowser))
export const themeChoice = ref<ThemeChoice>(oneOf(saved('theme'), ['auto', 'light', 'dark'], 'auto'))
/** The theme that is shown: the choice, or what the OS asks for. */
export const theme = ref<'light' | 'dark'>('light')
export const animate = ref(saved('animate') !== 'off')
export const operator = ref(saved('operator') ?? 'operator')

const osTheme = ref(osDark.matches)
osDark.addEventListener('change', (event) => (osTheme.value = event.matches))

// Synchronous, so that a chart drawn in the same tick already reads the new colours.
watchEffect(
  () => {
    theme.value = themeChoice.value === 'auto' ? (osTheme.value ? 'dark' : 'light') : themeChoice.value
    document.documentElement.dataset.theme = theme.value
    document.documentElement.lang = lang.value === 'zh' ? 'zh-CN' : 'en'
  },
  { flush: 'sync' },
)

watch(lang, (value) => localStorage.setItem('leyden-lang', value))
watch(themeChoice, (value) => localStorage.setItem('leyden-theme', value))
watch(animate, (value) => localStorage.setItem('leyden-animate', value ? 'on' : 'off'))
watch(operator, (value) => localStorage.setItem('leyden-operator', value))

/** Motion is off when the person, or the OS for them, says so. */
const calm = matchMedia('(prefers-reduced-motion: reduce)')
export const reducedMotion = () => calm.matches
