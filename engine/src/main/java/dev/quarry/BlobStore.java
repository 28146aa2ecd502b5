package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.InputFile;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
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
 * move unless the method says so. Each of their bytes is read once: if another thread changes them
 * during a put, what is stored is a mixture of what was there, and can be read back. An interrupt
 * neither stops an operation nor harms the store, though it may stop a caller's own stream.
 *
 * <p>When file descriptors, memory or a permission are missing, a method throws a {@link
 * ResourceExhaustedException}. The call has changed nothing, and succeeds when it is repeated after
 * the lack is over; {@link #close} is the exception. The store retries its background work by
 * itself.
 *
 * <p>Failures of the store are {@link BlobStoreException}s; those of a caller's file or stream are
 * {@link IOException}s; faults in arguments, null included, are {@link IllegalArgumentException}s.
 * Every method but {@link #close} throws {@link StoreClosedException} after the store is closed.
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
   * <p>A cache that is opened with another bound than it has gets the new one: the change is
   * durable when the method returns, and is logged. If the bound is less than what the cache takes
   * of the disk, the oldest records that nobody reads are evicted in the background.
   *
   * @param directory in the default file system; what a file system or a desktop leaves in any
   *     directory, as {@code lost+found}, may be in it
   * @throws IllegalArgumentException if the directory is of another file system provider, is not a
   *     directory, holds other things, or a store of another mode; if it holds no store and the
   *     options are {@link BlobStoreOptions#cache()}; or if the bound of a cache is less than four
   *     segments of the options
   * @throws StoreLockedException if the store is open, here or in another process
   * @throws CorruptionException if a file is damaged so that something may be missing; nothing has
   *     been changed
   * @throws FormatVersionException if another version wrote it
   * @throws StoreFullException if there is no room on disk
   * @throws ResourceExhaustedException if descriptors, memory or a permission are missing, or the
   *     mount is read-only; all that was taken is given back
   * @throws StoreFailedException if the file system fails, or lacks what a durable store needs: a
   *     sync of directories, a readable parent when its directory is to be created, or one mount
   *     for all of the directory. The message says which
   */
  public static BlobStore open(Path directory, BlobStoreOptions options) {
    return open(directory, options, Environment.real());
  }

  static BlobStore open(Path directory, BlobStoreOptions options, Environment environment) {
    Arguments.require(directory != null, "the directory is null");
    Arguments.require(options != null, "the options are null");
    return StoreOpener.open(
        directory,
        options,
        () -> disk(options.mode(), environment.disk()),
        (layout, identity, settled, disk, lock) ->
            new BlobStore(
                layout.root(),
                settled,
                lock,
                Engine.start(layout, identity, settled, environment, disk, lock)));
  }

  private static MeteredDisk disk(StoreMode mode, Disk files) {
    Disk owned = new OneWriterDisk(files);
    Disk synced = mode == StoreMode.CACHE ? new UnsyncedDirectoriesDisk(owned) : owned;
    return new MeteredDisk(new FinalSyncDisk(synced));
  }

  /**
   * Gives a key a value, in place of the one it has. In a durable store the value is on stable
   * storage when the method returns; in a cache it is readable.
   *
   * @param key 1 to 65,535 bytes
   * @param value 0 to {@link BlobStoreOptions#maxValueBytes} bytes
   * @throws ValueTooLargeException if the value is longer than the options allow
   * @throws StoreFullException if there is no room; the key keeps the value it had
   * @throws StoreFailedException if the store has failed, before or now. A restart may find a value
   *     whose put failed now. A cache that failed before still takes values that fit a slab
   */
  public void put(byte[] key, byte[] value) {
    checkKey(key);
    Arguments.require(value != null, "the value is null");
    checkSize(value.length);
    try {
      writes.put(key, value);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
  }

  /**
   * Gives a key a value, in place of the one it has. In a durable store the value is on stable
   * storage when the method returns; in a cache it is readable.
   *
   * @param key 1 to 65,535 bytes
   * @param value what remains of it, heap or direct; its position does not move
   * @throws ValueTooLargeException if the value is longer than the options allow
   * @throws StoreFullException if there is no room; the key keeps the value it had
   * @throws StoreFailedException if the store has failed, before or now. A restart may find a value
   *     whose put failed now. A cache that failed before still takes values that fit a slab
   */
  public void put(byte[] key, ByteBuffer value) {
    checkKey(key);
    Arguments.require(value != null, "the value is null");
    int length = value.remaining();
    checkSize(length);
    try {
      writes.put(key, value, value.position(), length);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
  }

  /**
   * Gives a key the bytes of a file as its value, in place of the one it has. The file is read
   * once, from its beginning to its end, and never mapped. The put needs at most half a segment of
   * heap and 1 MiB outside it, however long the file is.
   *
   * <p>Unless a {@link StoreFailedException} is thrown, after which a restart may find the value,
   * nothing of the file is stored and the key keeps the value it had.
   *
   * @param key 1 to 65,535 bytes
   * @param file a regular file, of any file system, or a symbolic link to one; {@link #put(byte[],
   *     InputStream)} takes the contents of others
   * @throws IOException if the file cannot be read; the store is as usable as before
   * @throws FileChangedException if it was changed, cut short or replaced while it was read, as far
   *     as its size, modification time and file key show
   * @throws ValueTooLargeException if it is longer than the options allow
   * @throws StoreFullException if there is no room
   * @throws StoreFailedException if the store has failed, before or now. A restart may find a value
   *     whose put failed now. A cache that failed before still takes values that fit a slab
   */
  public void put(byte[] key, Path file) throws IOException {
    checkKey(key);
    Arguments.require(file != null, "the file is null");
    try (InputFile input = InputFile.open(file)) {
      checkSize(input.size());
      writes.put(key.clone(), input::read, input.size());
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
  }

  /**
   * Gives a key the bytes of a stream, up to its end, as its value, in place of the one it has. The
   * stream is not closed. The put needs at most half a segment of heap and 1 MiB outside it,
   * however long the value is.
   *
   * <p>The put takes its place among others of the same key when the stream has ended. A stream
   * that blocks holds up nobody but its caller: {@link #close} does not wait for it, and this
   * method then throws {@link StoreClosedException} when the stream returns. A cache makes room for
   * a long value as it comes.
   *
   * <p>Whatever is thrown, by the stream or the store, nothing of the stream is stored and the key
   * keeps the value it had; but for a {@link StoreFailedException}, after which a restart may find
   * the value.
   *
   * @param key 1 to 65,535 bytes
   * @param value read by the calling thread
   * @throws IOException if the stream throws it, or breaks the contract of {@link InputStream}; the
   *     store is as usable as before
   * @throws ValueTooLargeException as soon as more bytes have come than the options allow
   * @throws StoreFullException if there is no room
   * @throws StoreFailedException if the store has failed, before or now. A restart may find a value
   *     whose put failed now. A cache that failed before still takes values that fit a slab
   */
  public void put(byte[] key, InputStream value) throws IOException {
    checkKey(key);
    Arguments.require(value != null, "the value is null");
    try {
      writes.put(key.clone(), new StreamSource(value), 0);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
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
    try {
      return reads.get(key);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
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
    try {
      return reads.get(key, destination);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
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
    try {
      return reads.view(key);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
  }

  /**
   * Whether a key has a value. The value itself is not read.
   *
   * @param key 1 to 65,535 bytes
   * @throws CorruptionException if the record's header is damaged
   */
  public boolean contains(byte[] key) {
    checkKey(key);
    try {
      return reads.contains(key);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
  }

  /**
   * Deletes a key and its value.
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
    try {
      return reads.isDeletable(key) && writes.delete(key);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
  }

  /**
   * The keys of a range that have a value, in the order of their unsigned bytes. The first call
   * loads the key index and, where it is missing or behind, fills it from the segments, which takes
   * time. Where RocksDB, which keeps it, cannot be used, keys are ordered on the heap: that takes
   * their bytes and 4 more for each, and the log says why. The caller closes the cursor.
   *
   * @throws ResourceExhaustedException if keys must be ordered on the heap, and it is too small
   */
  public KeyCursor keys(KeyRange range) {
    checkOpen();
    Arguments.require(range != null, "the range is null");
    try {
      return engine.keys(range);
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
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
    try {
      engine.sync();
    } catch (Error e) {
      throw Refusal.ofError(e);
    }
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
   * @throws ResourceExhaustedException if a cache lacked something else to write its newest
   *     records, which are lost
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

  private void checkSize(long valueLength) {
    if (valueLength > options.maxValueBytes()) {
      throw new ValueTooLargeException(valueLength, options.maxValueBytes(), "set for this store");
    }
  }
}
