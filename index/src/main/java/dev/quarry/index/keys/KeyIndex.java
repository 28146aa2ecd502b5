package dev.quarry.index.keys;

import dev.quarry.StoreClosedException;
import dev.quarry.StoreFailedException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The user keys of a store's segments in byte order, so that ranges of keys can be walked.
 *
 * <p><b>Never the truth.</b> The index holds every live key of each segment it {@link #covers}, and
 * maybe keys that are live no longer: whoever walks it asks the hash index about each key. Its
 * directory may be deleted while the index is closed; then it covers nothing, and is filled again
 * segment by segment.
 *
 * <p><b>How covering is kept honest.</b> Writes bypass RocksDB's log and go to one column family,
 * whose memtables reach the disk in the order they were filled. A segment's sentinel is written
 * after its keys, so whatever a crash leaves, a sentinel that is there has its keys beside it. The
 * sentinel carries a fingerprint, because a crash can give the id of a lost segment to a new one.
 *
 * <p><b>Damage</b> found at {@link #open} is cured there, by starting anew. Damage found later
 * throws {@link KeyIndexDamagedException}: the caller is to {@link #replaceDamaged}, fill the index
 * again, and repeat what it was at.
 *
 * <p><b>Threads.</b> Every method is safe to call from any thread; those that change the index run
 * one at a time. What the index covers is a fact only as long as nobody replaces it: who makes sure
 * that all segments are covered and then iterates must keep {@link #replaceDamaged} out meanwhile.
 *
 * <p>A full disk throws {@link dev.quarry.StoreFullException}, damages nothing, and passes a few
 * seconds after there is room again. Every method throws {@link StoreClosedException} after {@link
 * #close}, unless it says otherwise.
 */
public final class KeyIndex implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(KeyIndex.class);

  private static final byte[] NOTHING = {};

  private final Path directory;

  // Written under this object's monitor, which orders add, retain, replaceDamaged and close.
  private volatile RocksDatabase database;

  // Set before the monitor is taken, so that an add under way gives up.
  private volatile boolean closed;

  private KeyIndex(Path directory, RocksDatabase database) {
    this.directory = directory;
    this.database = database;
  }

  /**
   * Opens the index, or creates an empty one. A database that cannot be opened is deleted and
   * created anew, with a warning in the log. The first call in a process loads RocksDB's native
   * library, which takes 0.15 to 0.5 s.
   *
   * @param directory where the index lives, and nothing else; its parent must exist
   * @throws StoreFailedException if there can be no index there: the library does not load, another
   *     one is open there, or the file system refuses
   * @throws dev.quarry.StoreFullException if the disk is full; what is there stays
   */
  public static KeyIndex open(Path directory) {
    RocksDatabase.loadLibrary();
    return new KeyIndex(directory, openOrReplace(directory));
  }

  private static RocksDatabase openOrReplace(Path directory) {
    try {
      return RocksDatabase.open(directory);
    } catch (KeyIndexDamagedException e) {
      RocksDatabase replacement = createAnew(directory);
      LOG.warn("{}; it is empty now and will be filled again", e.getMessage());
      return replacement;
    }
  }

  private static RocksDatabase createAnew(Path directory) {
    RocksDatabase.delete(directory);
    try {
      return RocksDatabase.open(directory);
    } catch (KeyIndexDamagedException e) {
      throw new StoreFailedException("there can be no key index in " + directory, e);
    }
  }

  /**
   * Whether all keys of a segment are here.
   *
   * @param fingerprint what tells the segment from another that had or will have the same id
   * @throws KeyIndexDamagedException if the database is damaged here
   */
  public boolean covers(long segmentId, long fingerprint) {
    byte[] found = open().get(KeySpace.sentinel(segmentId));
    return Arrays.equals(found, KeySpace.fingerprint(fingerprint));
  }

  /**
   * Takes in the keys of a segment; from then on it is covered. When this fails, or a crash comes,
   * the segment is not covered, whatever part of its keys is here.
   *
   * <p>The segment must be on stable storage, as a deletion is not undone when the segment is lost.
   *
   * @param fingerprint see {@link #covers}
   * @param keys called once; what it throws is passed on. It must not wait for a thread that closes
   *     the index
   * @throws KeyIndexDamagedException if the database is damaged
   */
  public synchronized void add(long segmentId, long fingerprint, SegmentKeys keys) {
    Batch batch = new Batch(open());
    keys.forEach(sinkOf(batch));
    batch.put(KeySpace.sentinel(segmentId), KeySpace.fingerprint(fingerprint));
    batch.write();
  }

  /**
   * Stops covering a segment, and then changes keys as told: takes out those that go with it.
   *
   * @param keys called once; what it throws is passed on
   * @throws KeyIndexDamagedException if the database is damaged
   */
  public synchronized void remove(long segmentId, SegmentKeys keys) {
    Batch batch = new Batch(open());
    batch.delete(KeySpace.sentinel(segmentId));
    keys.forEach(sinkOf(batch));
    batch.write();
  }

  private KeySink sinkOf(Batch batch) {
    return new KeySink() {
      @Override
      public void put(byte[] key) {
        checkOpen();
        batch.put(KeySpace.name(key), NOTHING);
      }

      @Override
      public void delete(byte[] key) {
        checkOpen();
        batch.delete(KeySpace.name(key));
      }
    };
  }

  /**
   * Stops covering every segment that is no more. Their keys stay.
   *
   * @param isSegment whether there is a segment of this id
   * @throws KeyIndexDamagedException if the database is damaged
   */
  public synchronized void retain(LongPredicate isSegment) {
    RocksDatabase database = open();
    Batch batch = new Batch(database);
    try (RocksDatabase.Cursor sentinels =
        database.scan(KeySpace.firstSentinel(), KeySpace.firstKey())) {
      while (sentinels.next()) {
        byte[] sentinel = sentinels.name();
        if (!isSegment.test(KeySpace.segmentId(sentinel))) {
          batch.delete(sentinel);
        }
      }
    }
    batch.write();
  }

  /**
   * The keys of a range, as they are now. An upper bound at or below the lower one gives none.
   *
   * @param from the first key of the range, whether there is such a key or not; null for the lowest
   * @param to the first key beyond the range; null for no limit
   * @throws KeyIndexDamagedException if the database has been found damaged or is being replaced
   */
  public OrderedKeys iterate(byte @Nullable [] from, byte @Nullable [] to) {
    return new OrderedKeys(open().scan(KeySpace.lowerBound(from), KeySpace.upperBound(to)));
  }

  /**
   * Puts an empty database in the place of one that has thrown {@link KeyIndexDamagedException};
   * its cursors throw that from then on. Nothing happens when the present database has not, so that
   * of several threads that met the same damage the first replaces and the others go on.
   *
   * @throws StoreFailedException if the files cannot be deleted, or no new ones created; the next
   *     call tries again
   */
  public synchronized void replaceDamaged() {
    RocksDatabase damaged = open();
    if (damaged.isDamaged()) {
      damaged.abandon();
      database = createAnew(directory);
    }
  }

  /** Native memory in use, in bytes, as RocksDB estimates it; 0 when closed or being replaced. */
  public long memoryBytes() {
    return database.memoryBytes();
  }

  /**
   * Saves what is in memory and closes the index and its cursors. An add under way gives up. When
   * saving fails, the segments concerned are not covered after the next open, and the log says so.
   * Nothing happens when the index is closed.
   */
  @Override
  public void close() {
    closed = true;
    synchronized (this) {
      database.close();
    }
  }

  private RocksDatabase open() {
    checkOpen();
    return database;
  }

  private void checkOpen() {
    if (closed) {
      throw new StoreClosedException("the key index in " + directory + " is closed");
    }
  }
}
