import { messageOf } from '../base/errors.ts';
import { codeOf } from './storageFiles.ts';

/** What kept a change from the disk, as a sentence for people. */
export function diskReason(error: unknown, folder: string): string {
  switch (codeOf(error)) {
    case 'ENOSPC':
      return 'The disk is full.';
    case 'EDQUOT':
      return 'The disk quota is used up.';
    case 'EROFS':
      return `The folder ${folder} is on a read-only disk.`;
    case 'EACCES':
    case 'EPERM':
      return `No permission to write in the folder ${folder}.`;
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EEXIST':
      return `The folder ${folder} is gone and cannot be made again.`;
    case 'EIO':
      return `The disk of ${folder} reports an error.`;
    case 'EMFILE':
    case 'ENFILE':
      return 'Too many files are open.';
    default:
      return messageOf(error);
  }
}
