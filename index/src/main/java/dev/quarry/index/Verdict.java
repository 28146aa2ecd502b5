package dev.quarry.index;

/** What the eviction of one record came to. */
public enum Verdict {
  /** Nothing points at the record: it was replaced, moved, removed or evicted before. */
  ABSENT,

  /** The record had been read since it was last looked at; it stays, and its mark is clear. */
  SPARED,

  /** The record is out. */
  EVICTED
}
