package dev.quarry.index.keys;

import dev.quarry.StoreClosedException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.LongPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key index that RocksDB keeps on disk.
 *
 * <p><b>How covering is kept honest.</b> Writes bypass RocksDB's log and go to one column family,
 * whose memtables reach the disk in the order they were filled. A segment's sentinel is written
 * after its keys, so whatever a crash leaves, a sentinel that is there has its keys beside it. The
 * sentinel carries a fingerprint, because a crash can give the id of a lost segment to a new one.
 *
 * <p><b>Damage</b> found at {@link #open} is cured there, by starting anew. Damage found later
 * throws {@link KeyIndexDamagedException}: the caller is to {@link #replaceDamaged}, fill the index
 * again, and repeat what it was at. Nothing but damage that RocksDB proves deletes an index: a full
 * disk, a lack of descriptors or an I/O error throws {@link KeyIndexUnavailableException}, and the
 * files stay. What a full disk refused passes a few seconds after there is room again.
 */
final class RocksKeyIndex implements KeyIndex {

  private static final Logger LOG = LoggerFactory.getLogger(RocksKeyIndex.class);

  private static final byte[] NOTHING = {};

  private final Path directory;

  // Written under this object's monitor, which orders add, retain, replaceDamaged and close.
  private volatile RocksDatabase database;

  // Set before the monitor is taken, so that an add under way gives up.
  private volatile boolean closed;

  private RocksKeyIndex(Path directory, RocksDatabase database) {
    this.directory = directory;
    this.database = database;
  }

  /** See {@link KeyIndex#open}; throws a LinkageError if RocksDB is not on the class path. */
  static RocksKeyIndex open(Path directory) {
    RocksDatabase.loadLibrary(directory);
    return new RocksKeyIndex(directory, openOrReplace(directory));
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
      throw new KeyIndexUnavailableException(directory, "it cannot be created anew", e);
    }
  }

  @Override
  public boolean covers(long segmentId, long fingerprint) {
    byte[] found = open().get(KeySpace.sentinel(segmentId));
    return Arrays.equals(found, KeySpace.fingerprint(fingerprint));
  }

  @Override
  public synchronized void add(long segmentId, long fingerprint, SegmentKeys keys) {
    Batch batch = new Batch(open());
    Sink sink = new Sink(batch);
    keys.forEach(sink);
    if (sink.isComplete) {
      batch.put(KeySpace.sentinel(segmentId), KeySpace.fingerprint(fingerprint));
    }
    batch.write();
  }

  @Override
  public synchronized void remove(long segmentId, SegmentKeys keys) {
    Batch batch = new Batch(open());
    batch.delete(KeySpace.sentinel(segmentId));
    keys.forEach(new Sink(batch));
    batch.write();
  }

  private final class Sink implements KeySink {

    private final Batch batch;
    private boolean isComplete = true;

    private Sink(Batch batch) {
      this.batch = batch;
    }

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

    @Override
    public void leaveUncovered() {
      isComplete = false;
    }
  }

  @Override
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

  @Override
  public OrderedKeys iterate(byte @Nullable [] from, byte @Nullable [] to) {
    return new Cursor(open().scan(KeySpace.lowerBound(from), KeySpace.upperBound(to)));
  }

  @Override
  public synchronized boolean replaceDamaged() {
    RocksDatabase damaged = open();
    boolean replaces = damaged.isDamaged();
    if (replaces) {
      damaged.abandon();
      database = createAnew(directory);
    }
    return replaces;
  }

  @Override
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

  @Override
  public void abandon() {
    closed = true;
    synchronized (this) {
      database.abandon();
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

  /** User keys out of the names of entries. */
  private record Cursor(RocksDatabase.Cursor names) implements OrderedKeys {

    @Override
    public boolean next() {
      return names.next();
    }

    @Override
    public void seek(byte[] from) {
      names.seek(KeySpace.name(from));
    }

    @Override
    public byte[] key() {
      return KeySpace.key(names.name());
    }

    @Override
    public void close() {
      names.close();
    }
  }
}
