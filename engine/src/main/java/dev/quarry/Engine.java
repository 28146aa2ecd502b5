package dev.quarry;

import dev.quarry.index.checkpoint.CheckpointWriter;
import dev.quarry.index.sieve.Ghost;
import dev.quarry.segment.DirectMemoryError;
import dev.quarry.segment.StagingBuffers;
import dev.quarry.segment.StoreIdentity;
import dev.quarry.segment.StoreLayout;
import dev.quarry.segment.StoreLock;
import dev.quarry.wal.GroupCommit;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of an open store, how they are put together, and in which order they are shut down.
 * Safe for use by any number of threads.
 */
final class Engine {

  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  private final BlobStoreOptions options;
  private final StoreMemory memory;
  private final SegmentTable segments;
  private final Counters counters = new Counters();
  private volatile boolean closed;
  private final FailureLatch latch;
  private final MeteredDisk disk;
  private final KeyDirectory directory;
  private final @Nullable GroupCommit commit;
  private final Reserve reserve;
  private final Flusher flusher;
  private final Memtable memtable;
  private final Graveyard graveyard;
  private final Checkpointer checkpointer;
  private final Space space;
  private final CacheRoom room;
  private final Background background;
  private final IdleFlush idleFlush;
  private final LargeValues largeValues;
  private final ReadPath reads;
  private final WritePath writes;
  private final KeyOrder keyOrder;
  private final Recovery.Result recovered;
  private final DiskUsage usage;
  private final ExecutorService spaceExecutor;
  private final long recoveryNanos;

  /**
   * Recovers a store that is locked, and starts it.
   *
   * @param lock of the store, which stays the caller's
   * @throws IOException if that fails; nothing is left open
   */
  static Engine start(
      StoreLayout layout,
      StoreIdentity identity,
      BlobStoreOptions options,
      Environment environment,
      MeteredDisk disk,
      StoreLock lock)
      throws IOException {
    StoreMemory memory = StoreMemory.take(options);
    try (CheckpointFile checkpoint = CheckpointFile.find(disk, layout, identity.storeId())) {
      memory.require(checkpoint.entries());
      try {
        return start(layout, identity, options, memory, environment, disk, lock, checkpoint);
      } catch (CheckpointFile.LostException e) {
        CheckpointFile useless = checkpoint.useless(e);
        return start(layout, identity, options, memory, environment, disk, lock, useless);
      }
    } catch (Throwable e) {
      memory.close();
      throw e;
    }
  }

  private static Engine start(
      StoreLayout layout,
      StoreIdentity identity,
      BlobStoreOptions options,
      StoreMemory memory,
      Environment environment,
      MeteredDisk disk,
      StoreLock lock,
      CheckpointFile checkpoint)
      throws IOException {
    SegmentTable segments = new SegmentTable();
    List<ExecutorService> threads =
        List.of(environment.background().get(), environment.background().get());
    try {
      return new Engine(
          layout,
          identity,
          options,
          memory,
          threads,
          environment,
          disk,
          lock,
          segments,
          checkpoint);
    } catch (Throwable e) {
      threads.forEach(Background::end);
      segments.all().forEach(Segment::retire);
      if (e instanceof DirectMemoryError) {
        throw memory.tooLittle(checkpoint.entries(), e);
      }
      throw e;
    }
  }

  private Engine(
      StoreLayout layout,
      StoreIdentity identity,
      BlobStoreOptions options,
      StoreMemory memory,
      List<ExecutorService> threads,
      Environment environment,
      MeteredDisk disk,
      StoreLock lock,
      SegmentTable segments,
      CheckpointFile checkpoint)
      throws IOException {
    final long start = System.nanoTime();
    final boolean cache = options.mode() == StoreMode.CACHE;
    final UUID storeId = identity.storeId();
    this.options = options;
    this.memory = memory;
    this.disk = disk;
    this.segments = segments;
    this.latch = new FailureLatch(options.mode());
    this.directory =
        new KeyDirectory(
            segments,
            environment.hasher().apply(identity.hashSeed()),
            options,
            checkpoint.entries());
    Ghost ghost = cache && options.ghost() ? checkpoint.ghost(options, directory) : null;
    this.recovered =
        Recovery.run(
            disk, layout, identity, segments, directory, memory.staging(), checkpoint.get(), ghost);
    StoredBound.keep(options, identity, disk, layout);
    this.reads = new ReadPath(directory, segments, options.verification(), counters, () -> closed);
    this.keyOrder = new KeyOrder(layout.keyIndex(), !cache, segments, directory, lock);
    this.commit = cache ? null : new GroupCommit(disk, layout);
    this.spaceExecutor = threads.get(0);
    ExecutorService flushExecutor = threads.get(1);
    this.idleFlush =
        new IdleFlush(
            cache ? options.idleFlush() : Duration.ZERO,
            environment.alarms().apply(flushExecutor),
            this::requestFlushOfAll);
    this.reserve =
        new Reserve(
            disk,
            layout,
            memory.staging(),
            cache ? 0 : options.segmentBytes(),
            latch,
            spaceExecutor);
    reserve.open();
    this.flusher = new Flusher(disk, layout, directory.hasher(), commit, reserve);
    this.graveyard = new Graveyard(disk, layout);
    this.memtable =
        new Memtable(
            storeId,
            layout,
            options,
            memory.slabs(),
            segments,
            commit,
            latch,
            recovered.nextId(),
            recovered.nextSequence(),
            this::requestFlush,
            graveyard,
            this::makeRoom,
            idleFlush::slabOpened);
    TombstoneSweeper sweeper = new TombstoneSweeper(directory, keyOrder::takeIn);
    Eviction eviction =
        cache
            ? new Eviction(
                segments,
                directory,
                memtable,
                ghost,
                counters,
                options,
                environment.evictions(),
                checkpoint.hand())
            : null;
    StagingBuffers buffers = memory.staging();
    this.checkpointer =
        new Checkpointer(
            new CheckpointWriter(disk, layout, storeId, buffers),
            segments,
            graveyard,
            directory,
            ghost,
            eviction,
            options,
            counters,
            checkpoint.fileLength());
    this.space =
        new Space(
            options,
            segments,
            memtable,
            sweeper,
            graveyard,
            new Compactor(
                storeId,
                disk,
                layout,
                buffers,
                options.segmentBytes(),
                cache,
                segments,
                directory,
                keyOrder,
                graveyard,
                memtable::takeId,
                this::added,
                new RateLimiter(options.compactionBytesPerSecond()),
                counters),
            eviction,
            checkpointer,
            reserve,
            directory,
            latch,
            counters,
            spaceExecutor);
    this.room = new CacheRoom(space, memtable, segments, graveyard, latch);
    this.background =
        new Background(
            flushExecutor,
            memtable,
            flusher,
            new SlabDropper(memtable, sweeper, directory),
            sweeper,
            keyOrder,
            space,
            checkpointer,
            latch,
            counters);
    this.largeValues =
        new LargeValues(
            storeId,
            disk,
            layout,
            memory.values(),
            memtable,
            directory,
            segments,
            latch,
            reserve,
            background::requestIndexing);
    this.writes =
        new WritePath(memtable, directory, largeValues, commit, latch, reserve, counters, options);
    this.usage = new DiskUsage(segments, graveyard, commit, reserve, checkpointer, disk, layout);
    checkpointer.changed(recovered.uncoveredEntries());
    directory.takeMemoryFrom(memtable.residents()::freeMemory);
    directory.watchSpace(options.capacityBytes(), space::request);
    memtable.start();
    space.start();
    idleFlush.start();
    this.recoveryNanos = System.nanoTime() - start;
  }

  private void makeRoom(long bytes) {
    room.make(bytes);
  }

  /** Takes note of a segment that compaction has written. */
  private void added(Segment segment) {
    keyOrder.takeIn(segment);
    checkpointer.changed(Objects.requireNonNull(segment.trailer()).entries());
  }

  private void requestFlush() {
    background.requestFlush();
  }

  private boolean requestFlushOfAll() {
    return memtable.requestFlushOfAll();
  }

  /** Puts and deletes. */
  WritePath writes() {
    return writes;
  }

  /** Gets, views and the like. */
  ReadPath reads() {
    return reads;
  }

  /** The keys of a range. */
  KeyCursor keys(KeyRange range) {
    return new KeyCursor(keyOrder, range, reads::isLive);
  }

  KeyDirectory directory() {
    return directory;
  }

  SegmentTable segments() {
    return segments;
  }

  FailureLatch latch() {
    return latch;
  }

  /** Puts everything that a cache holds on stable storage. */
  void sync() {
    latch.check();
    if (options.mode() == StoreMode.CACHE) {
      memtable.flushAll();
    }
  }

  /** Figures about the store as it is now. */
  StoreStats stats() {
    return new StoreStats(
        options.mode(),
        directory.liveKeys(),
        segments.all().size(),
        directory.liveBytes(),
        usage.deadBytes(),
        usage.totalBytes(),
        memtable.memoryBytes(),
        memory.stagingBytes(),
        directory.index().memoryBytes(),
        directory.bloom().memoryBytes(),
        keyOrder.memoryBytes(),
        directory.bloom().expectedRate(),
        counters.puts.sum(),
        counters.deletes.sum(),
        counters.hits.sum(),
        counters.misses.sum(),
        counters.bytesPut.sum(),
        disk.bytesWritten(),
        commit == null ? 0 : commit.syncs(),
        counters.flushes.sum(),
        recoveryNanos,
        recovered.damagedFiles(),
        reserve.reserveBytes(),
        checkpointer.fileLength(),
        usage.logBytes(),
        counters.evictions.sum(),
        counters.bytesEvicted.sum(),
        counters.compactedSegments.sum(),
        counters.compactionRead.sum(),
        counters.compactionWritten.sum(),
        counters.checkpoints.sum(),
        directory.observedBloomRate(),
        space.idleReason(),
        usage.liveShares(),
        latch.message(),
        options.maxBytes(),
        lack());
  }

  private @Nullable String lack() {
    String flushing = background.lack();
    return flushing == null ? space.lack() : flushing;
  }

  /** Puts on disk what is not, and lets go of everything. Once; what comes later is refused. */
  void shutDown() throws IOException {
    closed = true;
    idleFlush.stop();
    try {
      space.stop();
      try {
        largeValues.close();
        space.awaitPass();
        space.logEvictions();
      } finally {
        memtable.close();
      }
    } catch (StoreFullException | ResourceExhaustedException e) {
      if (options.mode() == StoreMode.CACHE) {
        throw e;
      }
      LOG.warn("the newest records stay in the log until the next opening: {}", e.getMessage());
    } finally {
      background.close();
      Background.end(spaceExecutor);
      try {
        space.finish();
      } finally {
        release();
      }
    }
  }

  private void release() throws IOException {
    try {
      keyOrder.close();
    } finally {
      releaseFiles();
    }
  }

  private void releaseFiles() throws IOException {
    try {
      if (commit != null) {
        commit.abandon();
      }
      flusher.close();
    } finally {
      releaseMemory();
    }
  }

  private void releaseMemory() {
    try {
      memtable.release();
    } finally {
      segments.all().forEach(Segment::retire);
      memory.close();
    }
  }
}
