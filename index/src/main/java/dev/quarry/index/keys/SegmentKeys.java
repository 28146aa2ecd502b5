package dev.quarry.index.keys;

/** Reads the keys of one segment. */
@FunctionalInterface
public interface SegmentKeys {

  /** Hands every key of the segment to the sink, in log order, on the calling thread. */
  void forEach(KeySink sink);
}
