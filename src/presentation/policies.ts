import type { PermissionPolicy } from '../core/session.ts';
import type { Translate } from './translate.ts';

/** A permission policy in a few words. */
export function policyLabel(t: Translate, policy: PermissionPolicy): string {
  switch (policy) {
    case 'ask': return t('Ask first');
    case 'allow': return t('Allow edits');
    case 'deny': return t('Read only');
    case 'bypass': return t('No permission checks');
  }
}

/** What a permission policy means for the person, in one sentence. */
export function policyDetail(t: Translate, policy: PermissionPolicy): string {
  switch (policy) {
    case 'ask': return t('The agent asks before it changes files or runs commands.');
    case 'allow': return t('The agent edits files without asking. What else it may do follows its own rules.');
    case 'deny': return t('The agent may read and plan. Requests to change something are refused.');
    case 'bypass': return t('The agent may do anything without asking, outside this folder too. You confirm this each time.');
  }
}
