import { rulesVersion } from '../../time-zones/zone-rules';
import { isForeignNote, noteOf, readNote } from './schedule-note';

test('a note names the revision, and until when and by which rules its times are right', () => {
  const rightUntil = new Date('2028-03-26T01:00Z');
  expect(noteOf({ revision: 7 })).toBe('taskloom r7');
  expect(noteOf({ revision: 7, rightUntil })).toBe(`taskloom r7, times until 2028-03-26 by time zones ${rulesVersion}`);
  expect(readNote(noteOf({ revision: 7 }))).toEqual({ revision: 7 });
  expect(readNote(noteOf({ revision: 7, rightUntil }))).toEqual({
    revision: 7,
    rightUntil: new Date('2028-03-26'),
    zoneRules: rulesVersion,
  });
});

test('what people and Temporal write is foreign', () => {
  for (const note of ['paused via UI', 'taskloom r7 and more', 'taskloom', '', undefined])
    expect(isForeignNote(note)).toBe(true);
});
