package dev.quarry;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * An embedded, log-structured store of blobs: values of any size up to 2 GiB - 1, by keys of 1 to
 * 65,535 bytes.
 *
 * <p>A store is opened in one of two {@linkplain StoreMode modes}. In a durable store what was
 * acknowledged, by a return from {@link #put} or {@link #delete}, survives any crash, and no reader
 * ever sees a value that a crash then takes back. A cache acknowledges sooner and is bounded, and
 * what of it has reached the disk survives.
 *
 * <p>Every method is safe for use by any number of threads. Operations on one key take effect in
 * one order, the same for all threads; a value is seen whole or not at all. Arrays and buffers
 * handed in are used until the method returns, and not afterwards; a buffer's position does not
 * move unless the method says so. An interrupt neither stops an operation nor harms the store.
 *
 * <p>Failures are {@link BlobStoreException}s; faults in arguments, null included, are {@link
 * IllegalArgumentException}s. Every method but {@link #close} throws {@link StoreClosedException}
 * after the store is closed.
 */
public final class BlobStore implements AutoCloseable {

  private final Path path;
  private final BlobStoreOptions options;
  private final Closeable storeLock;
  private final Engine engine;
  private final ReadPath reads;
  private final WritePath writes;
  private final AtomicBoolean closed = new AtomicBoolean();

  private BlobStore(Path path, BlobStoreOptions options, Closeable storeLock, Engine engine) {
    this.path = path;
    this.options = options;
    this.storeLock = storeLock;
    this.engine = engine;
    this.reads = engine.reads();
    this.writes = engine.writes();
  }

  /**
   * Opens a store, and creates it when the directory is missing or empty. Opening is the same after
   * a clean close and after a crash.
   *
   * @throws IllegalArgumentException if the directory holds other things, or a store of another
   *     mode
   * @throws StoreLockedException if the store is open, here or in another process
   * @throws CorruptionException if a file is damaged so that something may be missing; nothing has
   *     been changed
   * @throws FormatVersionException if another version wrote it
   * @throws StoreFullException if there is no room on disk
   * @throws StoreFailedException if the file system fails
   */
  public static BlobStore open(Path directory, BlobStoreOptions options) {
    return open(directory, options, Environment.real());
  }

  static BlobStore open(Path directory, BlobStoreOptions options, Environment environment) {
    Arguments.require(directory != null, "the directory is null");
    Arguments.require(options != null, "the options are null");
    MeteredDisk disk = new MeteredDisk(new FinalSyncDisk(environment.disk()));
    return StoreOpener.open(
        directory,
        options,
        disk,
        (layout, identity, lock) ->
            new BlobStore(
                layout.root(),
                options,
                lock,
                Engine.start(layout, identity, options, environment, disk)));
  }

  /**
   * Gives a key a value, in place of the one it has.
   *
   * @param key 1 to 65,535 bytes
   * @throws ValueTooLargeException if the value is longer than the options allow
   * @throws StoreFullException if there is no room; the key keeps the value it had
   * @throws StoreFailedException if the store is read-only after a failure
   */
  public void put(byte[] key, byte[] value) {
    checkKey(key);
    Arguments.require(value != null, "the value is null");
    checkSize(value.length);
    writes.put(key, value);
  }

  /**
   * Gives a key a value, in place of the one it has.
   *
   * @param key 1 to 65,535 bytes
   * @param value what remains of it, heap or direct; its position does not move
   * @throws ValueTooLargeException if the value is longer than the options allow
   * @throws StoreFullException if there is no room; the key keeps the value it had
   * @throws StoreFailedException if the store is read-only after a failure
   */
  public void put(byte[] key, ByteBuffer value) {
    checkKey(key);
    Arguments.require(value != null, "the value is null");
    int length = value.remaining();
    checkSize(length);
    writes.put(key, value, value.position(), length);
  }

  /**
   * A copy of a key's value.
   *
   * @param key 1 to 65,535 bytes
   * @return null when the key has none
   * @throws CorruptionException if the value is damaged
   * @throws ValueTooLargeException if it is longer than an array can be; {@link #view} shows it
   */
  public byte @Nullable [] get(byte[] key) {
    checkKey(key);
    return reads.get(key);
  }

  /**
   * Copies a key's value to where a buffer's position is, and moves the position behind it.
   *
   * @param key 1 to 65,535 bytes
   * @param destination heap or direct
   * @return bytes in the value; -1 when the key has none
   * @throws CorruptionException if the value is damaged
   * @throws ValueTooLargeException if less remains of the buffer than the value is long
   */
  public int get(byte[] key, ByteBuffer destination) {
    checkKey(key);
    Arguments.require(destination != null, "the destination is null");
    Arguments.require(!destination.isReadOnly(), "the destination is read-only");
    return reads.get(key, destination);
  }

  /**
   * A key's value where it lies, without a copy. The caller closes it.
   *
   * @param key 1 to 65,535 bytes
   * @return null when the key has none
   * @throws CorruptionException if the value is damaged
   */
  public @Nullable Blob view(byte[] key) {
    checkKey(key);
    return reads.view(key);
  }

  /**
   * Whether a key has a value. The value itself is not read.
   *
   * @param key 1 to 65,535 bytes
   * @throws CorruptionException if the record's header is damaged
   */
  public boolean contains(byte[] key) {
    checkKey(key);
    return reads.contains(key);
  }

  /**
   * Takes a key's value away.
   *
   * @param key 1 to 65,535 bytes
   * @return whether it had one; of several deletes at once of the same value, more than one may say
   *     so if a put comes in between
   * @throws StoreFullException if there is no room to note it; the key keeps its value
   * @throws StoreFailedException if the store is read-only after a failure
   */
  public boolean delete(byte[] key) {
    checkKey(key);
    engine.latch().checkWritable();
    return reads.isDeletable(key) && writes.delete(key);
  }

  /**
   * The keys of a range that have a value, in the order of their unsigned bytes. The first call
   * loads the key index and, where it is missing or behind, fills it from the segments, which takes
   * time. The caller closes the cursor.
   *
   * @throws StoreFailedException if the key index cannot be opened or filled
   * @throws StoreFullException if there is no room for it on disk
   */
  public KeyCursor keys(KeyRange range) {
    checkOpen();
    Arguments.require(range != null, "the range is null");
    return engine.keys(range);
  }

  /**
   * Returns when everything acknowledged so far is on stable storage; in a durable store that is so
   * already.
   *
   * @throws StoreFullException if there is no room for it
   * @throws StoreFailedException if the store has failed
   */
  public void sync() {
    checkOpen();
    engine.sync();
  }

  /** Figures about the store as it is now. */
  public StoreStats stats() {
    checkOpen();
    return engine.stats();
  }

  /**
   * Closes the store, after everything acknowledged is on disk. Blobs that are still open stay
   * readable until they are closed. Further calls do nothing.
   *
   * @throws StoreFullException if a cache found no room for its newest records, which are lost; a
   *     durable store keeps them in its log
   * @throws StoreFailedException if the store has failed, before or now
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    try {
      try {
        engine.shutDown();
      } finally {
        storeLock.close();
      }
    } catch (IOException e) {
      throw new StoreFailedException("cannot close the store in " + path + ": " + e, e);
    }
  }

  KeyDirectory directory() {
    return engine.directory();
  }

  SegmentTable segments() {
    return engine.segments();
  }

  private void checkOpen() {
    if (closed.get()) {
      throw new StoreClosedException("the store in " + path + " is closed");
    }
  }

  private void checkKey(byte[] key) {
    checkOpen();
    Arguments.requireKey(key);
  }

  private void checkSize(int valueLength) {
    if (valueLength > options.maxValueBytes()) {
      throw new ValueTooLargeException(valueLength, options.maxValueBytes(), "set for this store");
    }
  }
}
