/** The error body that both OpenAI protocols use. @param {import('../types.mjs').Step} step */
export function openaiError(step) {
  return { error: { message: step.message, type: step.errorType ?? 'scripted_error', code: String(step.status) } };
}
