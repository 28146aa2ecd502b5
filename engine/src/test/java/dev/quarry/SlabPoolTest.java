package dev.quarry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quarry.segment.DirectMemory;
import dev.quarry.segment.FileHeader;
import dev.quarry.segment.RecordFormat;
import dev.quarry.segment.Slab;
import dev.quarry.segment.StoreLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The bound on slabs' memory, and that it comes clean. */
class SlabPoolTest {

  private static final int BYTES = 64 << 10;
  private static final UUID STORE = new UUID(1, 2);

  private final SlabPool pool = new SlabPool(BYTES, 3);

  private DirectMemory take() {
    DirectMemory memory = pool.tryTake();
    assertNotNull(memory);
    assertEquals(BYTES, memory.buffer().capacity());
    for (int i = 0; i < BYTES; i++) {
      assertEquals(0, memory.buffer().get(i), "memory comes clean");
    }
    return memory;
  }

  /** A slab with something in it. */
  private Slab slab() {
    DirectMemory memory = take();
    FileHeader header = FileHeader.segment(STORE, 1, 1);
    Slab slab = new Slab(memory.buffer(), header, released -> pool.giveBack(memory));
    byte[] key = {1};
    byte[] value = new byte[50_000];
    Arrays.fill(value, (byte) 7);
    long ticket = slab.reserve(RecordFormat.length(1, value.length));
    slab.write(ticket, RecordFormat.PUT, ByteBuffer.wrap(key), value);
    return slab;
  }

  /** The fault, that there is no table, stands for a lack of memory. */
  @Test
  void memoryOfWhichNoSlabCouldBeMadeIsTakenAgain() {
    SlabPool one = new SlabPool(BYTES, 1);
    StoreLayout layout = new StoreLayout(Path.of("/store"));
    SlabOpener opener = new SlabOpener(STORE, layout, null, null, one, 1, () -> {});
    for (int i = 0; i < 3; i++) {
      DirectMemory memory = one.tryTake();
      assertNotNull(memory, "the memory is lost");
      assertThrows(NullPointerException.class, () -> opener.open(memory, 1, null));
    }
  }

  @Test
  void thereIsNoMoreMemoryThanTheBound() {
    assertEquals(BYTES, pool.memoryBytes(), "one is there in advance");
    for (int i = 1; i <= 3; i++) {
      assertTrue(pool.hasSpare());
      take();
      assertEquals((long) i * BYTES, pool.memoryBytes());
    }
    assertFalse(pool.hasSpare());
    assertNull(pool.tryTake());
    assertEquals(3L * BYTES, pool.memoryBytes());
  }

  @Test
  void memoryOfARetiredSlabIsUsedAgainZeroed() {
    List<Slab> slabs = List.of(slab(), slab(), slab());
    pool.retire(slabs.get(1));
    assertTrue(pool.hasSpare());
    assertEquals(3L * BYTES, pool.memoryBytes());
    take();
    assertNull(pool.tryTake());
  }

  @Test
  void whatWasCleanedInAdvanceIsTakenFirst() {
    Slab first = slab();
    Slab second = slab();
    pool.retire(first);
    pool.retire(second);
    pool.clean();
    pool.clean();
    take();
    take();
    take();
    assertNull(pool.tryTake());
    pool.clean(); // has nothing to do
    assertEquals(3L * BYTES, pool.memoryBytes());
  }

  @Test
  void aSlabThatAReaderHoldsOnToMakesRoomForAnother() {
    List<Slab> slabs = List.of(slab(), slab(), slab());
    for (Slab slab : slabs) {
      assertTrue(slab.tryPin());
      pool.retire(slab);
      assertFalse(slab.tryPin());
    }
    List<Slab> others = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      others.add(slab());
    }
    assertNull(pool.tryTake(), "readers do not lift the bound for slabs in use");
    assertEquals(6L * BYTES, pool.memoryBytes());
    for (Slab slab : slabs) {
      assertEquals(7, slab.head().get(40_000), "what a reader holds is left alone");
      slab.unpin();
    }
    assertEquals(3L * BYTES, pool.memoryBytes(), "what is too much is let go");
    assertNull(pool.tryTake());
    pool.retire(others.get(0));
    take();
  }

  @Test
  void theLastOfSeveralReadersGivesTheMemoryBack() {
    List<Slab> slabs = List.of(slab(), slab(), slab());
    Slab read = slabs.get(0);
    assertTrue(read.tryPin());
    assertTrue(read.tryPin());
    ByteBuffer head = read.head();
    pool.retire(read);
    read.unpin();
    assertEquals(7, head.get(40_000));
    read.unpin();
    ByteBuffer again = take().buffer();
    again.put(40_000, (byte) 9);
    assertEquals(9, head.get(40_000), "it is the same memory");
    assertNull(pool.tryTake());
  }

  @Test
  void aClosedPoolFreesWhatIsUnusedAndTheRestWhenReadersAreDone() {
    List<Slab> slabs = List.of(slab(), slab(), slab());
    assertTrue(slabs.get(0).tryPin());
    pool.retire(slabs.get(0));
    pool.retire(slabs.get(1));
    pool.close();
    assertEquals(2L * BYTES, pool.memoryBytes());
    assertEquals(7, slabs.get(0).head().get(40_000), "what a reader holds is left alone");
    slabs.get(0).unpin();
    pool.retire(slabs.get(2));
    assertEquals(0, pool.memoryBytes());
  }

  @Test
  void memoryThatIsNeededMoreElsewhereIsFreed() {
    DirectMemory memory = take();
    assertFalse(pool.freeSpare(), "the only slab is in use");
    pool.putBack(memory);
    assertTrue(pool.freeSpare());
    assertEquals(0, pool.memoryBytes());
    take();
  }
}
