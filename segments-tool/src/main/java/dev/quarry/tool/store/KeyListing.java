package dev.quarry.tool.store;

import dev.quarry.BlobStore;
import dev.quarry.BlobStoreException;
import dev.quarry.KeyCursor;
import dev.quarry.KeyRange;
import dev.quarry.tool.terminal.CommandFailedException;
import dev.quarry.tool.terminal.KeyText;
import dev.quarry.tool.terminal.Reason;
import dev.quarry.tool.terminal.Units;
import java.util.function.Supplier;

/**
 * Walks the keys of a store that nothing else uses, and says so when it does not see them all. For
 * use by one thread.
 */
final class KeyListing implements AutoCloseable {

  private final BlobStore store;
  private final boolean whole;
  private final KeyCursor cursor;
  private long seen;
  private boolean ended;

  /**
   * @param prefix what the keys begin with
   * @throws CommandFailedException if they cannot be listed
   */
  KeyListing(BlobStore store, KeyText prefix) {
    this.store = store;
    this.whole = prefix.bytes().length == 0;
    this.cursor = attempt(() -> store.keys(KeyRange.prefix(prefix.bytes())));
  }

  /**
   * Moves to the next key.
   *
   * @return false when there is none
   * @throws CommandFailedException if the rest cannot be listed
   */
  boolean next() {
    ended = !attempt(cursor::next);
    seen += ended ? 0 : 1;
    return !ended;
  }

  /** The key that the listing is at. */
  byte[] key() {
    return cursor.key();
  }

  private <T> T attempt(Supplier<T> step) {
    try {
      return step.get();
    } catch (BlobStoreException e) {
      throw new CommandFailedException(
          "listing incomplete: "
              + Units.count(seen)
              + " keys were listed, then: "
              + Reason.withAdvice(e),
          e);
    }
  }

  /**
   * Compares the keys that were seen with those that the hash index counts, if all were asked for
   * and the end was reached. Nothing puts keys meanwhile, so all that are there now were there when
   * the listing passed; a cache may have evicted some it saw.
   *
   * @throws CommandFailedException if some were not seen
   */
  void checkComplete() {
    if (whole && ended) {
      compare(seen, store.stats().keys());
    }
  }

  static void compare(long seen, long keys) {
    if (seen < keys) {
      throw new CommandFailedException(
          "listing incomplete: "
              + Units.count(seen)
              + " of "
              + Units.count(keys)
              + " keys were listed, the records of the others are damaged;"
              + " quarry segments verify STORE lists all damage");
    }
  }

  @Override
  public void close() {
    cursor.close();
  }
}
