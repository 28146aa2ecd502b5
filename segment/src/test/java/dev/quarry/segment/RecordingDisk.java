package dev.quarry.segment;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;

/** Keeps the mappings that a disk gives. */
final class RecordingDisk {

  final List<Mapping> mappings = new ArrayList<>();
  private final Disk disk;

  RecordingDisk(Disk disk) {
    this.disk = disk;
  }

  Disk disk() {
    return (Disk)
        Proxy.newProxyInstance(
            Disk.class.getClassLoader(),
            new Class<?>[] {Disk.class},
            (proxy, method, arguments) -> {
              try {
                Object result = method.invoke(disk, arguments);
                if (result instanceof Mapping mapping) {
                  mappings.add(mapping);
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
