import { goneMarkerOfPost } from './reddit-removal';
import type { PostMedia } from './reddit-client';

type Data = Record<string, unknown>;
const isData = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null);
const list = (value: unknown) => (Array.isArray(value) ? value.filter(isData) : []);

/** Links to Reddit's own pages have no host. */
export function absoluteUrl(url: unknown): string | null {
  const given = text(url);
  if (given?.startsWith('//')) return `https:${given}`;
  return given?.startsWith('/') ? `https://www.reddit.com${given}` : given;
}

/** What a crosspost, gallery or poll is made of; null for other posts. */
export function toMedia(data: Data): PostMedia | null {
  const [parent] = list(data.crosspost_parent_list);
  const items = isData(data.gallery_data) ? list(data.gallery_data.items) : [];
  const media: PostMedia = {
    ...(parent ? { crosspost: toCrosspost(parent) } : {}),
    ...(items.length > 0 ? { gallery: items.map((item) => toPicture(item, data.media_metadata)) } : {}),
    ...(isData(data.poll_data) ? { poll: toPoll(data.poll_data) } : {}),
  };
  return Object.keys(media).length > 0 ? media : null;
}

function toCrosspost(parent: Data): NonNullable<PostMedia['crosspost']> {
  const marker = goneMarkerOfPost(parent);
  const shown = (value: unknown) => (marker ? marker : text(value));
  return {
    id: text(parent.id),
    subreddit: text(parent.subreddit),
    title: shown(parent.title),
    author: marker ? '[deleted]' : text(parent.author),
    text: shown(parent.selftext),
    url: marker ? null : absoluteUrl(parent.url),
    permalink: absoluteUrl(parent.permalink),
  };
}

function toPicture(item: Data, metadata: unknown): NonNullable<PostMedia['gallery']>[number] {
  const id = text(item.media_id);
  const all = isData(metadata) ? metadata : {};
  const entry = id !== null && isData(all[id]) ? all[id] : {};
  const source = isData(entry.s) ? entry.s : {};
  return {
    id,
    type: text(entry.m),
    url: absoluteUrl(source.u ?? source.mp4 ?? source.gif),
    width: number(source.x),
    height: number(source.y),
    caption: text(item.caption),
    link: absoluteUrl(item.outbound_url),
  };
}

function toPoll(poll: Data): NonNullable<PostMedia['poll']> {
  const endsAt = number(poll.voting_end_timestamp);
  const end = endsAt === null ? null : new Date(endsAt);
  return {
    options: list(poll.options).map((option) => ({ text: text(option.text), votes: number(option.vote_count) })),
    total_votes: number(poll.total_vote_count),
    ends_at: end && !Number.isNaN(end.getTime()) ? end.toISOString() : null,
  };
}
