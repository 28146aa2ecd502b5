package dev.quarry.segment;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The limit that the JVM sets to memory outside the heap, which all code of the JVM shares.
 *
 * <p>An allocation beyond the limit takes the JVM half a second and a full garbage collection to
 * refuse. After one refusal, allocations of as many bytes or more are therefore refused at once for
 * {@value #PAUSE_SECONDS} s, unless the figures of the JVM say that there is memory again. Where
 * they had said so at the refusal already, the system had no memory or the heap was full: then for
 * {@value #MOMENT_SECONDS} s, whatever they say.
 */
public final class DirectMemoryLimit {

  private static final int PAUSE_SECONDS = 10;
  private static final int MOMENT_SECONDS = 1;

  /** The last refusal; null if an allocation of any size is worth a try. */
  private static volatile @Nullable Refusal refusal;

  private record Refusal(long bytes, long nanoTime, boolean byLimit) {

    boolean holds(long wanted) {
      int seconds = byLimit ? PAUSE_SECONDS : MOMENT_SECONDS;
      return wanted >= bytes
          && System.nanoTime() - nanoTime < seconds * 1_000_000_000L
          && !(byLimit && isAllowed(wanted));
    }
  }

  private DirectMemoryLimit() {}

  /**
   * Allocates direct memory.
   *
   * @throws DirectMemoryError if the JVM has no more; its message says what to do
   */
  static ByteBuffer allocate(int bytes) {
    if (isShort(bytes)) {
      throw exhausted(bytes);
    }
    try {
      ByteBuffer memory = ByteBuffer.allocateDirect(bytes);
      Refusal last = refusal;
      if (last != null && bytes >= last.bytes) {
        refusal = null;
      }
      return memory;
    } catch (OutOfMemoryError e) {
      refused(bytes);
      throw exhausted(bytes);
    }
  }

  /** Notes that an allocation of so many bytes was refused. */
  public static void refused(long bytes) {
    if (!isShort(bytes)) { // else a smaller allocation was refused
      refusal = new Refusal(bytes, System.nanoTime(), !isAllowed(bytes));
    }
  }

  private static boolean isAllowed(long bytes) {
    return used() + bytes <= limit();
  }

  /** Whether an allocation of so many bytes would be refused without a try. */
  public static boolean isShort(long bytes) {
    Refusal last = refusal;
    return last != null && last.holds(bytes);
  }

  /** The most bytes of direct memory that the JVM allows. */
  public static long limit() {
    HotSpotDiagnosticMXBean options =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    long set =
        options == null ? 0 : Long.parseLong(options.getVMOption("MaxDirectMemorySize").getValue());
    return set == 0 ? Runtime.getRuntime().maxMemory() : set;
  }

  /** Bytes of direct memory that all code of the JVM has allocated. */
  public static long used() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getTotalCapacity)
        .sum();
  }

  private static DirectMemoryError exhausted(long bytes) {
    return new DirectMemoryError(
        "cannot allocate "
            + bytes
            + " bytes outside the heap: the JVM allows "
            + limit()
            + ", of which "
            + used()
            + " are in use; raise -XX:MaxDirectMemorySize, or lower segmentBytes or slabs");
  }
}
