package dev.quarry.index.keys;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.quarry.StoreClosedException;
import dev.quarry.StoreFailedException;
import dev.quarry.StoreFullException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
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

  private final ReadWriteLock lifetime = new ReentrantReadWriteLock();

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
   * Loads the native library; later calls do nothing. To be called before anything else.
   *
   * @throws StoreFailedException if it cannot be loaded
   */
  static void loadLibrary() {
    try {
      OwnThread.run("quarry-rocksdb-loader", RocksDB::loadLibrary); // it may swallow an interrupt
    } catch (RuntimeException | LinkageError e) {
      throw new StoreFailedException("RocksDB's native library does not load: " + e, e);
    }
  }

  /**
   * Opens a database, or creates it.
   *
   * @throws KeyIndexDamagedException if it cannot be opened, for whatever reason but a full disk
   * @throws StoreFullException if the disk is full
   */
  static RocksDatabase open(Path directory) {
    try {
      return new RocksDatabase(directory);
    } catch (RocksDBException e) {
      if (isDiskFull(e)) {
        throw full(directory, e);
      }
      throw new KeyIndexDamagedException(directory, "cannot be opened: " + e.getMessage(), e);
    }
  }

  /**
   * Deletes the files of a database that is not open, and the directory unless others are in it.
   *
   * @throws StoreFailedException if it is open, here or elsewhere, or if a file cannot be deleted
   */
  static void delete(Path directory) {
    try (Options options = new Options()) {
      RocksDB.destroyDB(directory.toString(), options);
    } catch (RocksDBException e) {
      throw new StoreFailedException(
          "the key index in " + directory + " cannot be deleted: " + e.getMessage(), e);
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
      cursors.add(cursor);
      return cursor;
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
      throw failure(e);
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
      state = end;
      cursors.forEach(cursor -> cursor.end(end));
      if (end == State.CLOSED) {
        save();
      }
      rocks.close();
      closeSettings();
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
    if (isDiskFull(e)) {
      return full(directory, e);
    }
    damaged = true;
    return new KeyIndexDamagedException(directory, e.getMessage(), e);
  }

  private static StoreFullException full(Path directory, RocksDBException e) {
    return new StoreFullException(
        "there is no room for the key index in " + directory + ": " + e.getMessage(), e);
  }

  private static boolean isDiskFull(RocksDBException e) {
    Status status = e.getStatus();
    return status != null && status.getSubCode() == Status.SubCode.NoSpace;
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

    @GuardedBy("this")
    private boolean started;

    /** Whether the iterator is at an entry: only then may it be moved or read. */
    @GuardedBy("this")
    private boolean valid;

    private Cursor(byte[] from, byte[] to) {
      this.from = new Slice(from);
      this.to = new Slice(to);
      bounds = new ReadOptions().setIterateLowerBound(this.from).setIterateUpperBound(this.to);
      iterator = rocks.newIterator(bounds);
    }

    /** Moves to the next name; false, now and from then on, when there is none. */
    synchronized boolean next() {
      checkOpen();
      if (!started) {
        started = true;
        iterator.seekToFirst();
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
