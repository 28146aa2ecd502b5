package dev.quarry;

import dev.quarry.segment.Disk;
import dev.quarry.segment.Slab;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How a store is to be opened: an immutable value, made by {@link #durable()}, {@link #cache(long)}
 * or {@link #cache()} and, for anything but the defaults, by {@link #toBuilder()}.
 *
 * <p>The mode is fixed for the life of a store. The bound of a cache is kept in the store: {@link
 * #cache()} takes it from there, {@link #cache(long)} changes it. All else is of one opening.
 */
public final class BlobStoreOptions {

  /** When the checksum of a record that is read is compared with its bytes. */
  public enum Verification {

    /** On every read: the default. */
    ALWAYS,

    /** On the first read of each record since the store was opened. */
    FIRST_READ,

    /** Never; the header's checksum and the key are still compared. */
    NEVER
  }

  private static final int DEFAULT_SEGMENT_BYTES = 32 << 20;
  private static final int DEFAULT_SLABS = 4;

  /** A tombstone of the longest key must fit. */
  static final int SMALLEST_SEGMENT = 72 << 10;

  private static final int LARGEST_SEGMENT = 1 << 30;
  private static final int MOST_SLABS = 1024;
  private static final long LEAST_COMPACTION_RATE = 1 << 20;

  /** Such that it fits a long in nanoseconds. */
  private static final Duration LONGEST = Duration.ofDays(365);

  private static final Duration SHORTEST_IDLE = Duration.ofMillis(10);

  /** Segments' worth of a cache's disk that is not for live records: slabs, compaction's output. */
  private static final int SPARE_SEGMENTS = 3;

  /** Percent of the rest of a cache's disk that may be live; what is dead needs room, too. */
  private static final int LIVE_PERCENT = 85;

  private final StoreMode mode;
  private final long maxBytes;
  private final int segmentBytes;
  private final int slabs;
  private final int maxValueBytes;
  private final Verification verification;
  private final double bloomFalsePositiveRate;
  private final long expectedKeys;
  private final boolean graceZone;
  private final boolean ghost;
  private final double maxGarbageShare;
  private final long compactionBytesPerSecond;
  private final Duration checkpointInterval;
  private final long checkpointEntries;
  private final Duration idleFlush;

  private BlobStoreOptions(Builder builder, long maxBytes, int segmentBytes) {
    this.mode = builder.mode;
    this.maxBytes = maxBytes;
    this.segmentBytes = segmentBytes;
    this.slabs = builder.slabs;
    this.maxValueBytes = builder.maxValueBytes;
    this.verification = builder.verification;
    this.bloomFalsePositiveRate = builder.bloomFalsePositiveRate;
    this.expectedKeys = builder.expectedKeys;
    this.graceZone = builder.graceZone;
    this.ghost = builder.ghost;
    this.maxGarbageShare = builder.maxGarbageShare;
    this.compactionBytesPerSecond = builder.compactionBytesPerSecond;
    this.checkpointInterval = builder.checkpointInterval;
    this.checkpointEntries = builder.checkpointEntries;
    this.idleFlush = builder.idleFlush;
  }

  /** A durable store: a put returns when its record is on stable storage. */
  public static BlobStoreOptions durable() {
    return new Builder(StoreMode.DURABLE).maxBytes(Long.MAX_VALUE).build();
  }

  /**
   * A disk cache: a put returns when its record is readable; a crash may lose the records that are
   * newer than the {@linkplain #idleFlush idle time}, and those whose flush a full disk or a lack
   * delays.
   *
   * @param maxBytes the most bytes that its segments may take on disk, at least 288 KiB and four
   *     segments; segments default to 32 MiB, or to {@code maxBytes} / 64 where that is less. A
   *     cache that has another bound gets this one
   * @throws IllegalArgumentException if it is too small
   */
  public static BlobStoreOptions cache(long maxBytes) {
    return new Builder(StoreMode.CACHE).maxBytes(maxBytes).build();
  }

  /**
   * A disk cache that exists, with the bound it has. {@link #maxBytes}, {@link #segmentBytes} and
   * {@link #capacityBytes} are 0 unless they are set. {@link BlobStore#open} throws an {@link
   * IllegalArgumentException} where there is no cache.
   */
  public static BlobStoreOptions cache() {
    return new Builder(StoreMode.CACHE).build();
  }

  /** A builder that begins with these options. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** The mode that the store has, or gets when it is created. */
  public StoreMode mode() {
    return mode;
  }

  /**
   * The most bytes that the segments of a cache may take on disk; 0 for the bound that it has,
   * {@link Long#MAX_VALUE} in durable mode. The checkpoint and the key index come on top.
   */
  public long maxBytes() {
    return maxBytes;
  }

  /** Whether these options say how much disk the store may take. */
  boolean isBoundKnown() {
    return maxBytes != 0;
  }

  /**
   * Bytes of a slab, and so of the segment files that slabs become; 0 if they are to follow from
   * the bound that a cache has.
   */
  public int segmentBytes() {
    return segmentBytes;
  }

  /** How many slabs of memory there may be: the one being filled and those before it. */
  public int slabs() {
    return slabs;
  }

  /** The longest value accepted, in bytes. */
  public int maxValueBytes() {
    return maxValueBytes;
  }

  /** When checksums are verified. */
  public Verification verification() {
    return verification;
  }

  /** The share of absent keys that the bloom filter may let through. */
  public double bloomFalsePositiveRate() {
    return bloomFalsePositiveRate;
  }

  /** How many keys the bloom filter is first made for; it grows by itself. */
  public long expectedKeys() {
    return expectedKeys;
  }

  /** Whether eviction spares the newest 5 % of a cache. */
  public boolean graceZone() {
    return graceZone;
  }

  /** Whether a cache remembers what it evicted, and spares at first what comes back. */
  public boolean ghost() {
    return ghost;
  }

  /** The share of a durable store's segment files that may be garbage. */
  public double maxGarbageShare() {
    return maxGarbageShare;
  }

  /** The most bytes a second that compaction writes; {@link Long#MAX_VALUE} for no limit. */
  public long compactionBytesPerSecond() {
    return compactionBytesPerSecond;
  }

  /** The time after which a checkpoint is due if at least one key in 100 has changed. */
  public Duration checkpointInterval() {
    return checkpointInterval;
  }

  /** The number of changed entries after which a checkpoint is due. */
  public long checkpointEntries() {
    return checkpointEntries;
  }

  /**
   * How long the oldest record of a cache may wait in memory for the disk: 10 ms to 365 days, 5 s
   * by default; zero for no limit. Durable stores ignore it.
   */
  public Duration idleFlush() {
    return idleFlush;
  }

  /**
   * Bytes of live records that a cache is for: what exceeds this is evicted. The rest of {@link
   * #maxBytes} is for slabs, compaction, and what is dead and not yet reclaimed. No limit in
   * durable mode; 0 for {@link #cache()}, until a store is opened.
   */
  public long capacityBytes() {
    if (!isBoundKnown()) {
      return 0;
    }
    long room = maxBytes - (long) SPARE_SEGMENTS * segmentBytes;
    return mode == StoreMode.DURABLE ? Long.MAX_VALUE : room / 100 * LIVE_PERCENT;
  }

  @Override
  public String toString() {
    return "BlobStoreOptions[mode="
        + mode
        + ", maxBytes="
        + maxBytes
        + ", segmentBytes="
        + segmentBytes
        + ", slabs="
        + slabs
        + ", maxValueBytes="
        + maxValueBytes
        + ", verification="
        + verification
        + ", bloomFalsePositiveRate="
        + bloomFalsePositiveRate
        + ", expectedKeys="
        + expectedKeys
        + ", graceZone="
        + graceZone
        + ", ghost="
        + ghost
        + ", maxGarbageShare="
        + maxGarbageShare
        + ", compactionBytesPerSecond="
        + compactionBytesPerSecond
        + ", checkpointInterval="
        + checkpointInterval
        + ", checkpointEntries="
        + checkpointEntries
        + ", idleFlush="
        + idleFlush
        + "]";
  }

  /** Collects settings; {@link #build()} checks them all at once. Not safe for use by threads. */
  public static final class Builder {

    private final StoreMode mode;

    /** Null for the bound that the store has. */
    private @Nullable Long maxBytes;

    /** Null for what follows from the bound. */
    private @Nullable Integer segmentBytes;

    private int slabs = DEFAULT_SLABS;
    private int maxValueBytes = Integer.MAX_VALUE;
    private Verification verification = Verification.ALWAYS;
    private double bloomFalsePositiveRate = 0.01;
    private long expectedKeys = 100_000;
    private boolean graceZone = true;
    private boolean ghost = true;
    private double maxGarbageShare = 0.21;
    private long compactionBytesPerSecond = Long.MAX_VALUE;
    private Duration checkpointInterval = Duration.ofMinutes(1);
    private long checkpointEntries = 1_000_000;
    private Duration idleFlush = Duration.ofSeconds(5);

    private Builder(StoreMode mode) {
      this.mode = mode;
    }

    private Builder(BlobStoreOptions options) {
      this(options.mode);
      this.maxBytes = options.maxBytes == 0 ? null : options.maxBytes;
      this.segmentBytes = options.segmentBytes == 0 ? null : options.segmentBytes;
      this.slabs = options.slabs;
      this.maxValueBytes = options.maxValueBytes;
      this.verification = options.verification;
      this.bloomFalsePositiveRate = options.bloomFalsePositiveRate;
      this.expectedKeys = options.expectedKeys;
      this.graceZone = options.graceZone;
      this.ghost = options.ghost;
      this.maxGarbageShare = options.maxGarbageShare;
      this.compactionBytesPerSecond = options.compactionBytesPerSecond;
      this.checkpointInterval = options.checkpointInterval;
      this.checkpointEntries = options.checkpointEntries;
      this.idleFlush = options.idleFlush;
    }

    /**
     * The most bytes that the segments of a cache may take on disk; at least 288 KiB and four
     * segments. The checkpoint and the key index come on top. Not for durable stores.
     */
    public Builder maxBytes(long bytes) {
      this.maxBytes = bytes;
      return this;
    }

    /**
     * Bytes of a slab and of the segment it becomes: a multiple of 4096, from 72 KiB to 1 GiB. A
     * value that does not fit takes a segment of its own.
     */
    public Builder segmentBytes(int bytes) {
      this.segmentBytes = bytes;
      return this;
    }

    /** How many slabs of memory there may be, from 2 to 1024. */
    public Builder slabs(int count) {
      this.slabs = count;
      return this;
    }

    /** The longest value accepted, from 0 to 2 GiB - 1. */
    public Builder maxValueBytes(int bytes) {
      this.maxValueBytes = bytes;
      return this;
    }

    /** When checksums are verified. */
    public Builder verification(Verification when) {
      this.verification = when;
      return this;
    }

    /** The share of absent keys that the bloom filter may let through, from 0.0001 to 0.5. */
    public Builder bloomFalsePositiveRate(double rate) {
      this.bloomFalsePositiveRate = rate;
      return this;
    }

    /** How many keys the bloom filter is first made for, from 1 to 2^32. */
    public Builder expectedKeys(long keys) {
      this.expectedKeys = keys;
      return this;
    }

    /** Whether eviction spares the newest 5 % of a cache. */
    public Builder graceZone(boolean on) {
      this.graceZone = on;
      return this;
    }

    /** Whether a cache remembers what it evicted, and spares at first what comes back. */
    public Builder ghost(boolean on) {
      this.ghost = on;
      return this;
    }

    /**
     * The share of a durable store's segment files that may be garbage before compaction begins,
     * from 0.05 to 0.95. The smaller it is, the more is written over again.
     */
    public Builder maxGarbageShare(double share) {
      this.maxGarbageShare = share;
      return this;
    }

    /**
     * The most bytes a second that compaction writes, at least 1 MiB; {@link Long#MAX_VALUE} for no
     * limit. Where writers of a cache wait for room, they wait for this, too.
     */
    public Builder compactionBytesPerSecond(long bytes) {
      this.compactionBytesPerSecond = bytes;
      return this;
    }

    /**
     * The time after which a checkpoint is due if one in 100 keys has changed, from 0 to 365 days.
     */
    public Builder checkpointInterval(Duration interval) {
      this.checkpointInterval = interval;
      return this;
    }

    /** The number of changed entries after which a checkpoint is due, from 1 on. */
    public Builder checkpointEntries(long entries) {
      this.checkpointEntries = entries;
      return this;
    }

    /**
     * How long the oldest record of a cache that is not on disk may wait there, from 10 ms to 365
     * days; 5 seconds by default. Then all that waits is flushed, so that a crash, or an end of the
     * process without {@link BlobStore#close}, loses nothing that is older. {@link Duration#ZERO}
     * for ever: records are then flushed when a slab is full, by {@link BlobStore#sync}, and by
     * {@link BlobStore#close}.
     *
     * <p>A durable store does not need it, and ignores it: what it acknowledged is in its log.
     */
    public Builder idleFlush(Duration time) {
      this.idleFlush = time;
      return this;
    }

    /** What a cache with a bound has if nothing else is said. */
    private static int defaultSegmentBytes(StoreMode mode, long maxBytes) {
      long part = maxBytes / 64 & -Disk.BLOCK;
      return mode == StoreMode.DURABLE
          ? DEFAULT_SEGMENT_BYTES
          : (int) Math.max(SMALLEST_SEGMENT, Math.min(DEFAULT_SEGMENT_BYTES, part));
    }

    /**
     * The options.
     *
     * @throws IllegalArgumentException that names every setting out of range, if one is
     */
    public BlobStoreOptions build() {
      long bound = maxBytes == null ? 0 : maxBytes;
      int segment = 0;
      if (segmentBytes != null) {
        segment = segmentBytes;
      } else if (maxBytes != null) {
        segment = defaultSegmentBytes(mode, bound);
      }
      List<String> faults = new ArrayList<>();
      if (segmentBytes != null
          && (segment < SMALLEST_SEGMENT
              || segment > LARGEST_SEGMENT
              || segment % Disk.BLOCK != 0)) {
        faults.add("segmentBytes " + segment + " is not a multiple of 4096 in 72 KiB..1 GiB");
      }
      if (mode == StoreMode.DURABLE && bound != Long.MAX_VALUE) {
        faults.add("maxBytes " + bound + " is set, but a durable store is not bounded");
      }
      if (maxBytes != null && bound / 4 < segment) {
        faults.add("maxBytes " + bound + " is less than four segments of " + segment);
      }
      require(faults, slabs >= 2 && slabs <= MOST_SLABS, "slabs " + slabs + " is not in 2..1024");
      require(faults, maxValueBytes >= 0, "maxValueBytes " + maxValueBytes + " is negative");
      require(faults, verification != null, "verification is null");
      require(
          faults,
          bloomFalsePositiveRate >= 0.0001 && bloomFalsePositiveRate <= 0.5,
          "bloomFalsePositiveRate " + bloomFalsePositiveRate + " is not in 0.0001..0.5");
      require(
          faults,
          expectedKeys >= 1 && expectedKeys <= 1L << 32,
          "expectedKeys " + expectedKeys + " is not in 1..2^32");
      require(
          faults,
          maxGarbageShare >= 0.05 && maxGarbageShare <= 0.95,
          "maxGarbageShare " + maxGarbageShare + " is not in 0.05..0.95");
      require(
          faults,
          compactionBytesPerSecond >= LEAST_COMPACTION_RATE,
          "compactionBytesPerSecond " + compactionBytesPerSecond + " is less than 1 MiB");
      require(
          faults,
          checkpointInterval != null && isBetween(Duration.ZERO, checkpointInterval),
          "checkpointInterval " + checkpointInterval + " is not in 0..365 days");
      require(
          faults,
          idleFlush != null && (idleFlush.isZero() || isBetween(SHORTEST_IDLE, idleFlush)),
          "idleFlush " + idleFlush + " is neither 0 nor in 10 ms..365 days");
      require(
          faults,
          checkpointEntries >= 1,
          "checkpointEntries " + checkpointEntries + " is not positive");
      if (!faults.isEmpty()) {
        throw new IllegalArgumentException(String.join("; ", faults));
      }
      return new BlobStoreOptions(this, bound, segment);
    }

    private static boolean isBetween(Duration least, Duration time) {
      return time.compareTo(least) >= 0 && time.compareTo(LONGEST) <= 0;
    }

    private static void require(List<String> faults, boolean holds, String fault) {
      if (!holds) {
        faults.add(fault);
      }
    }
  }

  /** The longest record that goes into a slab; a longer one takes a segment of its own. */
  long largestSlabRecord() {
    return Slab.largestRecord(segmentBytes);
  }
}
