package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.TestSegments.Visited;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Many writers fill one slab while a leader follows its completed prefix. */
class SlabThreadsTest {

  private static final int WRITERS = 4;
  private static final int ROUNDS = 30;
  private static final int BYTES = 64 * Disk.BLOCK;

  private final ExecutorService pool = Executors.newFixedThreadPool(WRITERS + 2);

  /** One place that was taken; a length of 0 stands for a number whose record is elsewhere. */
  record Place(long sequence, int position, long length, boolean isVoid) {}

  @Test
  void sequenceNumbersAndPositionsAreTakenTogether() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      Slab slab = TestSegments.slab(BYTES);
      boolean early = round % 2 == 1;
      CyclicBarrier start = new CyclicBarrier(WRITERS + (early ? 2 : 1));
      List<Future<List<Place>>> writers = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        Random random = new Random(round * 100L + writer);
        writers.add(pool.submit(() -> fill(slab, start, random)));
      }
      Future<Integer> leader = pool.submit(() -> follow(slab, start));
      if (early) {
        int end = pool.submit(() -> seal(slab, start)).get();
        assertEquals(end, slab.end(), "the end of a sealed slab");
      }
      List<Place> places = new ArrayList<>();
      for (Future<List<Place>> writer : writers) {
        places.addAll(writer.get());
      }
      slab.seal();
      assertEquals(slab.end(), leader.get(), "seeds from " + round * 100L);
      check(slab, places);
    }
    pool.shutdown();
  }

  private static List<Place> fill(Slab slab, CyclicBarrier start, Random random) throws Exception {
    List<Place> places = new ArrayList<>();
    start.await();
    for (; ; ) {
      byte[] key = new byte[1 + random.nextInt(30)];
      random.nextBytes(key);
      byte[] value = new byte[random.nextInt(200)];
      random.nextBytes(value);
      boolean elsewhere = random.nextInt(20) == 0;
      long length = elsewhere ? 0 : RecordFormat.length(key.length, value.length);
      long ticket = elsewhere ? slab.takeSequence() : slab.reserve(length);
      if (ticket == Slab.FULL) {
        return places;
      }
      boolean gaveUp = random.nextInt(10) == 0;
      if (gaveUp && !elsewhere) {
        slab.abandon(ticket, length);
      } else if (!elsewhere) {
        slab.write(ticket, RecordFormat.PUT, ByteBuffer.wrap(key), value);
      }
      slab.settle();
      places.add(new Place(slab.sequence(ticket), Slab.position(ticket), length, gaveUp));
    }
  }

  /** Follows the completed prefix to its end; each record in it must be whole when it is seen. */
  private static int follow(Slab slab, CyclicBarrier start) throws Exception {
    int at = FileHeader.LENGTH;
    start.await();
    while (!slab.isSealed() || at < slab.end()) {
      int prefix = slab.completedPrefix(at);
      while (at < prefix) {
        assertTrue(RecordFormat.isHeader(slab.head(), at, slab.salt()), "header at " + at);
        if (RecordFormat.kind(slab.head(), at) == RecordFormat.PUT) {
          assertTrue(slab.isPayloadIntact(at), "payload at " + at);
        }
        at += (int) RecordFormat.align(RecordFormat.length(slab.head(), at));
      }
      assertEquals(prefix, at);
    }
    return at;
  }

  private static int seal(Slab slab, CyclicBarrier start) throws Exception {
    start.await();
    while (slab.end() < BYTES / 3) {
      Thread.onSpinWait();
    }
    slab.seal();
    return slab.end();
  }

  private static void check(Slab slab, List<Place> places) throws Exception {
    places.sort(Comparator.comparingLong(Place::sequence));
    long sequence = TestSegments.FIRST_SEQUENCE;
    long position = FileHeader.LENGTH;
    for (Place place : places) {
      assertEquals(sequence++, place.sequence);
      assertEquals(position, place.position, "positions follow sequence numbers without overlap");
      position += RecordFormat.align(place.length);
    }
    assertEquals(sequence, slab.nextSequence());
    assertEquals(position, slab.end());
    assertTrue(slab.isSettled());
    List<Long> expected =
        places.stream()
            .filter(place -> place.length > 0 && !place.isVoid)
            .map(Place::sequence)
            .toList();
    List<Visited> visited = new ArrayList<>();
    slab.forEachRecord(slab.end(), TestSegments.into(visited));
    assertEquals(expected, visited.stream().map(Visited::sequence).toList());
    SegmentFile file = TestSegments.open(TestSegments.finish(slab));
    assertNull(file.damage());
    assertEquals(expected.size(), file.trailer().entries());
  }
}
