import { createLanguageFilling } from './content-languages';

function createContent(outdated: number, unknown: number) {
  const content = { outdated, unknown };
  return {
    content,
    contentLanguages: {
      forgetOutdated: async (limit: number) => {
        const count = Math.min(limit, content.outdated);
        content.outdated -= count;
        content.unknown += count;
        return count;
      },
      fill: async (limit: number) => {
        if (content.outdated > 0) throw new Error('filled what is not told from outdated rows any more');
        const count = Math.min(limit, content.unknown);
        content.unknown -= count;
        return count;
      },
    },
  };
}

test('outdated languages are forgotten before any is filled', async () => {
  const { content, contentLanguages } = createContent(1_200, 300);
  expect(await createLanguageFilling({ contentLanguages })()).toEqual({ languagesFilled: 1_500 });
  expect(content).toEqual({ outdated: 0, unknown: 0 });
});

test('one pass handles at most 20 batches, and the next goes on', async () => {
  const { content, contentLanguages } = createContent(4_900, 8_000);
  const fillLanguages = createLanguageFilling({ contentLanguages });
  expect(await fillLanguages()).toEqual({ languagesFilled: 5_000 });
  expect(content).toEqual({ outdated: 0, unknown: 7_900 });
  expect(await fillLanguages()).toEqual({ languagesFilled: 7_900 });
});
