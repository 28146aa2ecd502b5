package dev.quarry;

import dev.quarry.segment.DiskFullException;
import dev.quarry.segment.Lack;
import dev.quarry.segment.Patience;
import java.util.Objects;

/**
 * What a caller is told when something lacks: nothing has changed, and the call may be repeated.
 */
final class Refusal {

  private Refusal() {}

  /**
   * Loads the classes that tell of a lack. When no file can be opened, a class that is not in an
   * open jar cannot be loaded either, and never can be from then on.
   */
  static void prepare() {
    of(Objects.requireNonNull(Lack.of(new OutOfMemoryError())));
    of(new DiskFullException(""));
    Patience.prepare();
  }

  /**
   * What to throw.
   *
   * @param lack a {@link dev.quarry.segment.Lack}
   */
  static BlobStoreException of(Throwable lack) {
    if (lack instanceof DiskFullException) {
      return new StoreFullException("the disk is full: " + lack.getMessage(), lack);
    }
    String words = Objects.requireNonNullElse(lack.getMessage(), "memory");
    return Lack.isOfMemory(lack)
        ? new ResourceExhaustedException("memory ran out: " + words, lack)
        : new ResourceExhaustedException("refused for now, try again later: " + words, lack);
  }

  /** What to throw for an error: this if memory ran out, or else the error. */
  static BlobStoreException ofError(Error thrown) {
    if (!Lack.isOfMemory(thrown)) {
      throw thrown;
    }
    return of(thrown);
  }
}
