package dev.quarry.segment;

import dev.quarry.StoreLockedException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * A locked file of a {@link FileSystemDisk}.
 *
 * <p>A POSIX lock belongs to a process, and the process loses it when it closes <i>any</i>
 * descriptor of the file. So
 *
 * <ol>
 *   <li>no store of this JVM opens a file that another one holds ({@link LockRegistry}), and a
 *       channel that proves to be a second one is never closed while the first may live;
 *   <li>whoever gets the lock writes a token of its own into the file ({@link LockHolder}). A
 *       holder that finds another's token knows that the system dropped its lock, and that another
 *       process came;
 *   <li>the lock is on two bytes, which are given up and taken again one after the other by {@link
 *       #renew}: a process has the store only with both, so no other gets in meanwhile.
 * </ol>
 *
 * <p>The channel is of the kind that an interrupt does not close. It has no thread: its calls run
 * in the caller's.
 */
final class LockFile implements StoreLock {

  private static final long STORE_BYTE = 0;
  private static final long GATE_BYTE = 1;

  private static final Set<OpenOption> OPTIONS =
      Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE);

  private static final CallersThread CALLERS_THREAD = new CallersThread();

  /**
   * Channels on files that other code of this process has locked, which are never closed unless
   * they become the first; by key. The system knows these descriptors only by the channels, which
   * do not close them when they are collected.
   */
  private static final Map<Object, AsynchronousFileChannel> UNCLOSABLE = new ConcurrentHashMap<>();

  /** How often a file may be replaced while it is being locked. */
  private static final int MOST_REPLACEMENTS = 10;

  private final Path path;
  private final Object key;
  private final String name;
  private final Properties registry;

  // Guarded by the monitor.
  private final DirectMemory memory = DirectMemory.allocate(LockHolder.LENGTH, Long.BYTES);
  private final ByteBuffer buffer = memory.buffer();
  private @Nullable AsynchronousFileChannel channel;
  private @Nullable FileLock store;
  private @Nullable FileLock gate;
  private byte[] token = {};
  private boolean closed;

  private LockFile(Path path, Object key, String name, Properties registry) {
    this.path = path;
    this.key = key;
    this.name = name;
    this.registry = registry;
  }

  /**
   * Locks a file, and creates it when missing.
   *
   * @throws StoreLockedException if it is locked
   */
  static LockFile acquire(Path path) throws IOException {
    String name = path.toAbsolutePath().toString();
    for (int replacements = 0; replacements < MOST_REPLACEMENTS; replacements++) {
      Object key = LockRegistry.create(path);
      LockFile lock = claim(path, key, name);
      boolean signed = false;
      try {
        lock.lock();
        if (key.equals(LockRegistry.key(path))) { // not if a first writing made a copy of it
          lock.sign();
          signed = true;
          return lock;
        }
      } finally {
        if (!signed) {
          lock.close();
        }
      }
    }
    throw new IOException("each time it is opened it is another file");
  }

  /** A lock of a file that no other store of this JVM has; it is not taken yet. */
  private static LockFile claim(Path path, Object key, String name) throws StoreLockedException {
    Properties registry = System.getProperties();
    LockFile lock = new LockFile(path, key, name, registry); // first: it may find no memory
    boolean claimed = false;
    try {
      String holder = LockRegistry.claim(registry, key, name);
      claimed = holder == null;
      if (!claimed) {
        throw new StoreLockedException(path, "another store of this process, as " + holder);
      }
      return lock;
    } finally {
      if (!claimed) {
        lock.memory.close();
      }
    }
  }

  private synchronized void lock() throws IOException {
    AsynchronousFileChannel opened = UNCLOSABLE.get(key);
    if (opened == null) {
      opened = open(path);
    }
    channel = opened;
    boolean overlapping = false;
    try {
      gate = opened.tryLock(GATE_BYTE, 1, false);
      if (gate != null) {
        store = opened.tryLock(STORE_BYTE, 1, false);
      }
    } catch (OverlappingFileLockException e) {
      overlapping = true;
    } catch (IOException e) {
      throw new IOException(
          e.getMessage()
              + "; the file system does not lock files: use the store on one that does, or mount this"
              + " one with locking",
          e);
    }
    if (overlapping) {
      if (gate != null) {
        gate.release();
      }
      UNCLOSABLE.put(key, opened);
      channel = null;
      throw new StoreLockedException(path, "other code of this process");
    }
    if (store == null) {
      throw new StoreLockedException(path, LockHolder.describe(read(LockHolder.LENGTH)));
    }
  }

  private static AsynchronousFileChannel open(Path path) throws IOException {
    try {
      return AsynchronousFileChannel.open(path, OPTIONS, CALLERS_THREAD);
    } catch (UnsupportedOperationException e) {
      throw new IOException(
          "files of "
              + path.getFileSystem().provider().getScheme()
              + " cannot be locked; use a directory of the machine's own file system",
          e);
    }
  }

  /**
   * Writes a token of its own. On a full disk the one of the last holder stays: it tells as well
   * that another came, who changes it.
   */
  private synchronized void sign() throws IOException {
    try {
      write(LockHolder.next());
    } catch (IOException e) {
      if (!DiskErrors.isFull(e)) {
        throw e;
      }
    }
    token = readToken();
  }

  @Override
  public synchronized void check() throws IOException {
    if (closed) {
      throw new IOException(path + " is not locked any more: the store is closed");
    }
    if (!Arrays.equals(token, readToken())) {
      throw taken();
    }
  }

  @Override
  public synchronized void renew() throws IOException {
    if (!closed) {
      renewLocks();
    }
    check();
    if (!DiskErrors.naming("cannot examine", path, () -> LockRegistry.leads(path, key))) {
      throw LockLostException.gone(path);
    }
  }

  /** The store's byte is given up only by who has the gate's. */
  private void renewLocks() throws IOException {
    gate = renew(gate, GATE_BYTE);
    if (gate == null) {
      return; // somebody is at the gate, and gets no further; or has both bytes, and a token
    }
    store = renew(store, STORE_BYTE);
    if (store == null) {
      throw taken();
    }
  }

  private @Nullable FileLock renew(@Nullable FileLock held, long position) throws IOException {
    try {
      return DiskErrors.naming(
          "cannot renew the lock of",
          path,
          () -> {
            if (held != null) {
              held.release();
            }
            return channel().tryLock(position, 1, false);
          });
    } catch (OverlappingFileLockException e) {
      return null; // other code of this process
    }
  }

  private LockLostException taken() throws IOException {
    return LockLostException.taken(path, LockHolder.describe(read(LockHolder.LENGTH)));
  }

  private AsynchronousFileChannel channel() throws IOException {
    AsynchronousFileChannel open = channel;
    if (open == null) {
      throw new IOException("it is not open");
    }
    return open;
  }

  private byte[] readToken() throws IOException {
    ByteBuffer read = read(LockHolder.TOKEN_LENGTH);
    byte[] found = new byte[read.remaining()];
    read.get(found);
    return found;
  }

  private ByteBuffer read(int length) throws IOException {
    buffer.clear().limit(length);
    int read = 0;
    while (read >= 0 && buffer.hasRemaining()) {
      read = done(channel().read(buffer, buffer.position()));
    }
    return buffer.flip();
  }

  private void write(byte[] content) throws IOException {
    buffer.clear().put(content).flip();
    while (buffer.hasRemaining()) {
      done(channel().write(buffer, buffer.position()));
    }
  }

  /** The result of a call that was made in this thread, and is over. */
  private static int done(Future<Integer> call) throws IOException {
    try {
      return call.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException failure ? failure : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (IOException) new InterruptedIOException("interrupted").initCause(e);
    }
  }

  /** Gives the name up last: until then nobody else in this JVM may open the file. */
  @Override
  public synchronized void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    memory.close();
    try {
      if (channel != null) {
        UNCLOSABLE.remove(key, channel);
        channel.close();
      }
    } finally {
      LockRegistry.release(registry, key, name);
    }
  }
}
