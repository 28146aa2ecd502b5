package dev.quarry.tool.demo;

import dev.quarry.Blob;
import dev.quarry.BlobStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;

/** Compares what is in a store with the files it came from, by SHA-256. */
final class Proof {

  /** What has become of a file. */
  enum Fate {
    /** It is there, with its exact bytes. */
    INTACT,
    /** It is there as the file is now: the file was changed by others while the demo ran. */
    CHANGED,
    /** It is not there. */
    ABSENT,
    /** It is there with other bytes. */
    WRONG
  }

  private final Map<Fate, Integer> counts = new EnumMap<>(Fate.class);
  private long bytes;
  private long nanos;

  private Proof() {}

  /** Looks at files, several at once. */
  static Proof of(BlobStore store, Collection<DemoFile> files) {
    Proof proof = new Proof();
    long start = System.nanoTime();
    files.parallelStream().forEach(file -> proof.examine(store, file));
    proof.nanos = System.nanoTime() - start;
    return proof;
  }

  private void examine(BlobStore store, DemoFile file) {
    try (Blob blob = store.view(file.key())) {
      if (blob == null) {
        add(Fate.ABSENT, 0);
        return;
      }
      String found = Sha256.of(blob.buffer());
      if (found.equals(file.sha256())) {
        add(Fate.INTACT, blob.size());
      } else {
        boolean changed = found.equals(Sha256.of(file.source().path()));
        add(changed ? Fate.CHANGED : Fate.WRONG, blob.size());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void add(Fate fate, long size) {
    counts.merge(fate, 1, Integer::sum);
    bytes += size;
  }

  /** How many files had a fate. */
  int count(Fate fate) {
    return counts.getOrDefault(fate, 0);
  }

  /** Whether every file is there with its exact bytes, or as it is now. */
  boolean allIntact() {
    return count(Fate.ABSENT) == 0 && count(Fate.WRONG) == 0;
  }

  /** Bytes that were read and digested. */
  long bytes() {
    return bytes;
  }

  /** How long it took. */
  long nanos() {
    return nanos;
  }
}
