package dev.quarry.index.keys;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.StoreClosedException;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.StampedLock;
import org.jspecify.annotations.Nullable;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.FlushOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One RocksDB database, and the only class that speaks to RocksDB: names to values, in the order of
 * the names' unsigned bytes.
 *
 * <p>RocksDB's Java objects are bare pointers: a call on one that is closed takes the JVM down. So
 * every call on the database holds the shared half of a lock whose exclusive half closing takes,
 * and every cursor has its own monitor, through which closing the database closes the cursors
 * first. The lock comes before the monitors; nobody who holds a monitor takes the lock. With that,
 * every method may be called from any thread, and use after the end throws.
 */
final class RocksDatabase implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(RocksDatabase.class);

  /**
   * The end of what RocksDB says of a missing file; its Java classes have no code for that. In a
   * locale of another language, a missing file is not told from other failures, and nothing goes.
   */
  private static final String FILE_MISSING = "No such file or directory";

  private static final Duration MOST_LOADING = Duration.ofMinutes(1);

  private static boolean loadingTried;
  private static @Nullable String loadingFailure;

  private static final int KIB = 1024;
  private static final int MIB = 1024 * KIB;

  private enum State {
    OPEN,
    CLOSED,
    ABANDONED
  }

  private final Path directory;

  // Safe by themselves.
  private final Set<Cursor> cursors = ConcurrentHashMap.newKeySet();
  private volatile boolean damaged;

  /** Not a reentrant one, which may stay held when memory runs out in {@code lock}. */
  private final ReadWriteLock lifetime = new StampedLock().asReadWriteLock();

  @GuardedBy("lifetime")
  private State state = State.OPEN;

  // Used by holders of either half of the lock, closed by a holder of the exclusive one.
  private final Cache blockCache;
  private final Options options;
  private final WriteOptions writeOptions;
  private final RocksDB rocks;

  private RocksDatabase(Path directory) throws RocksDBException {
    this.directory = directory;
    blockCache = new LRUCache(8L * MIB);
    options = options(blockCache);
    // Everything here can be made again from the segments.
    writeOptions = new WriteOptions().setDisableWAL(true);
    try {
      rocks = RocksDB.open(options, directory.toString());
    } catch (RocksDBException | RuntimeException e) {
      closeSettings();
      throw e;
    }
  }

  /** Small and quiet: the index is a side table of a store that has its own large memory. */
  private static Options options(Cache blockCache) {
    BlockBasedTableConfig tables =
        new BlockBasedTableConfig()
            .setBlockCache(blockCache)
            // Tables' own indexes count against the cache too, so memory does not grow with keys.
            .setCacheIndexAndFilterBlocks(true)
            // Larger than the default: keys are walked, hardly ever looked up.
            .setBlockSize(16 * KIB);
    return new Options()
        .setCreateIfMissing(true)
        .setTableFormatConfig(tables)
        .setCompressionType(CompressionType.LZ4_COMPRESSION)
        .setWriteBufferSize(8 * MIB)
        .setMaxOpenFiles(64)
        // By default 4 MiB of disk are set aside for the list of a few tables.
        .setManifestPreallocationSize(64 * KIB)
        .setMaxManifestFileSize(4 * MIB)
        // close() saves where that is wanted; a database about to be deleted is not saved.
        .setAvoidFlushDuringShutdown(true)
        // No timer threads, and no diary beside the data.
        .setStatsDumpPeriodSec(0)
        .setStatsPersistPeriodSec(0)
        .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
        .setMaxLogFileSize(MIB)
        .setKeepLogFileNum(2);
  }

  /**
   * Loads the native library, to be called before anything else. It is tried once: RocksDB itself
   * would spend ten seconds on a second attempt, and forget why the first one failed.
   *
   * @throws KeyIndexUnavailableException if it cannot be loaded, with the reason that the first
   *     call met
   */
  static synchronized void loadLibrary(Path directory) {
    if (!loadingTried) {
      loadingTried = true;
      try {
        // It may swallow an interrupt, and wait for ever for a process that it starts.
        OwnThread.run("quarry-rocksdb-loader", MOST_LOADING, RocksDB::loadLibrary);
      } catch (RuntimeException | LinkageError e) {
        loadingFailure = e.toString();
      } catch (OutOfMemoryError e) {
        loadingTried = false;
        throw e;
      }
    }
    if (loadingFailure != null) {
      throw new KeyIndexUnavailableException(
          directory, "RocksDB's native library does not load: " + loadingFailure, null);
    }
  }

  /**
   * Opens a database, or creates it.
   *
   * @throws KeyIndexDamagedException if it is damaged
   * @throws KeyIndexUnavailableException if it cannot be opened for another reason
   */
  static RocksDatabase open(Path directory) {
    if (!isSpelledAlike(directory)) {
      throw new KeyIndexUnavailableException(
          directory, "RocksDB cannot be told of a path with such characters", null);
    }
    try {
      return new RocksDatabase(directory);
    } catch (RocksDBException e) {
      String what = "it cannot be opened: " + e.getMessage();
      if (provesDamage(e)) {
        throw new KeyIndexDamagedException(directory, what, e);
      }
      throw new KeyIndexUnavailableException(directory, what, e);
    }
  }

  /**
   * Whether RocksDB, which takes the UTF-8 of a path's characters for the name, means the file that
   * Java means. Where it does not, it could open the key index of another store.
   */
  private static boolean isSpelledAlike(Path directory) {
    String name = directory.toString();
    try {
      if (directory.getFileSystem() != FileSystems.getDefault()
          || !Path.of(name).equals(directory)) {
        return false;
      }
    } catch (InvalidPathException e) {
      return false;
    }
    boolean isAscii = name.chars().allMatch(c -> c < 0x80);
    boolean isUtf8 = "UTF-8".equalsIgnoreCase(System.getProperty("sun.jnu.encoding"));
    return isAscii || (isUtf8 && name.chars().noneMatch(c -> Character.isSurrogate((char) c)));
  }

  /**
   * Deletes the files of a database that is not open, and the directory unless others are in it.
   *
   * @throws KeyIndexUnavailableException if it is open, here or elsewhere, or if a file cannot be
   *     deleted
   */
  static void delete(Path directory) {
    try (Options options = new Options()) {
      RocksDB.destroyDB(directory.toString(), options);
    } catch (RocksDBException e) {
      throw new KeyIndexUnavailableException(
          directory, "what is damaged cannot be deleted: " + e.getMessage(), e);
    }
  }

  /** The value of a name; null when there is none. */
  byte @Nullable [] get(byte[] name) {
    lifetime.readLock().lock();
    try {
      checkOpen();
      return rocks.get(name);
    } catch (RocksDBException e) {
      throw failure(e);
    } finally {
      lifetime.readLock().unlock();
    }
  }

  /** Makes changes, in their order, all or none of them. */
  void write(List<Batch.Change> changes) {
    lifetime.readLock().lock();
    try (WriteBatch batch = new WriteBatch()) {
      checkOpen();
      for (Batch.Change change : changes) {
        if (change.value == null) {
          batch.delete(change.name);
        } else {
          batch.put(change.name, change.value);
        }
      }
      rocks.write(writeOptions, batch);
    } catch (RocksDBException e) {
      throw failure(e);
    } finally {
      lifetime.readLock().unlock();
    }
  }

  /**
   * A cursor over the names from one up to, but without, another, as they are now. To be closed by
   * the caller.
   */
  Cursor scan(byte[] from, byte[] to) {
    lifetime.readLock().lock();
    try {
      checkOpen();
      Cursor cursor = new Cursor(from, to);
      boolean added = false;
      try {
        added = cursors.add(cursor);
        return cursor;
      } finally {
        if (!added) {
          cursor.end(State.CLOSED);
        }
      }
    } finally {
      lifetime.readLock().unlock();
    }
  }

  /** Whether damage has been met. */
  boolean isDamaged() {
    return damaged;
  }

  /** Bytes of native memory that memtables, block cache and open tables take; 0 unless open. */
  long memoryBytes() {
    lifetime.readLock().lock();
    try {
      return state == State.OPEN
          ? rocks.getLongProperty("rocksdb.cur-size-all-mem-tables")
              + rocks.getLongProperty("rocksdb.estimate-table-readers-mem")
              + blockCache.getUsage()
          : 0;
    } catch (RocksDBException e) {
      return 0; // no estimate
    } finally {
      lifetime.readLock().unlock();
    }
  }

  /** Saves what is in memory, warning when that fails, and ends all use of the database. */
  @Override
  public void close() {
    end(State.CLOSED);
  }

  /** Ends all use of the database, which then counts as damaged; saves nothing. */
  void abandon() {
    damaged = true;
    end(State.ABANDONED);
  }

  private void end(State end) {
    lifetime.writeLock().lock();
    try {
      if (state != State.OPEN) {
        return;
      }
      for (Cursor cursor : cursors) {
        cursor.end(end);
      }
      state = end; // if memory ran out before, this may be called again
      try {
        if (end == State.CLOSED) {
          save();
        }
      } finally {
        rocks.close();
        closeSettings();
      }
    } finally {
      lifetime.writeLock().unlock();
    }
  }

  private void save() {
    try (FlushOptions wait = new FlushOptions().setWaitForFlush(true)) {
      rocks.flush(wait);
    } catch (RocksDBException e) {
      LOG.warn(
          "the newest part of the key index in {} is not saved: {}", directory, e.getMessage());
    }
  }

  private void closeSettings() {
    writeOptions.close();
    options.close();
    blockCache.close();
  }

  @GuardedBy("lifetime")
  private void checkOpen() {
    if (state != State.OPEN) {
      throw ended(state);
    }
  }

  private RuntimeException ended(State state) {
    return state == State.ABANDONED
        ? new KeyIndexDamagedException(directory, "replaced because of damage", null)
        : new StoreClosedException("the key index in " + directory + ", or its cursor, is closed");
  }

  private RuntimeException failure(RocksDBException e) {
    if (!provesDamage(e)) {
      return new KeyIndexUnavailableException(directory, e.getMessage(), e);
    }
    damaged = true;
    return new KeyIndexDamagedException(directory, e.getMessage(), e);
  }

  /**
   * Whether a failure means that something is wrong with the files, so that nothing is lost when
   * they go. A full disk, a lack of descriptors or of permission, and I/O errors do not.
   */
  private static boolean provesDamage(RocksDBException e) {
    Status status = e.getStatus();
    if (status == null) {
      return false;
    }
    return switch (status.getCode()) {
      case Corruption, InvalidArgument -> true;
      case IOError -> Objects.requireNonNullElse(e.getMessage(), "").endsWith(FILE_MISSING);
      default -> false;
    };
  }

  /**
   * A walk over names. A RocksDB iterator sees the database as it was when it was made, so no
   * snapshot is needed beside it.
   */
  final class Cursor implements AutoCloseable {

    private final Slice from;
    private final Slice to;
    private final ReadOptions bounds;
    private final RocksIterator iterator;

    @GuardedBy("this")
    private State state = State.OPEN;

    /**
     * Where the next call of {@link #next} is to begin; null if behind the present entry. It may
     * have to step over much that was deleted, so that is not done before it is wanted.
     */
    @GuardedBy("this")
    private byte @Nullable [] beginning;

    /** Whether the iterator is at an entry: only then may it be moved or read. */
    @GuardedBy("this")
    private boolean valid;

    private Cursor(byte[] from, byte[] to) {
      this.from = new Slice(from);
      this.to = new Slice(to);
      bounds = new ReadOptions().setIterateLowerBound(this.from).setIterateUpperBound(this.to);
      iterator = rocks.newIterator(bounds);
      beginning = from;
    }

    /** Leaves out all names below one; there is no way back. */
    synchronized void seek(byte[] name) {
      checkOpen();
      beginning = name;
      valid = false;
    }

    /** Moves to the next name; false, now and from then on, when there is none. */
    synchronized boolean next() {
      checkOpen();
      if (beginning != null) {
        iterator.seek(beginning);
        beginning = null;
      } else if (valid) {
        iterator.next();
      }
      valid = iterator.isValid();
      if (!valid) {
        checkStatus();
      }
      return valid;
    }

    /** An iterator stops at damage as it does at the end; only its status tells them apart. */
    private void checkStatus() {
      try {
        iterator.status();
      } catch (RocksDBException e) {
        throw failure(e);
      }
    }

    /** The name the cursor is at, in a new array. */
    synchronized byte[] name() {
      checkOpen();
      if (!valid) {
        throw new IllegalStateException("the cursor is not at a key");
      }
      return iterator.key();
    }

    @GuardedBy("this")
    private void checkOpen() {
      if (state != State.OPEN) {
        throw ended(state);
      }
    }

    @Override
    public void close() {
      end(State.CLOSED);
      cursors.remove(this);
    }

    private synchronized void end(State end) {
      if (state == State.OPEN) {
        state = end;
        iterator.close();
        bounds.close();
        to.close();
        from.close();
      }
    }
  }
}
