package dev.quarry.segment;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.jetbrains.kotlinx.lincheck.Actor;

/** Names the operations of which a scenario is made that Lincheck is given. */
public final class LincheckActors {

  private LincheckActors() {}

  /** The call of the one public method of that name. */
  public static Actor actor(Class<?> users, String method, Object... arguments) {
    Method found =
        Arrays.stream(users.getMethods())
            .filter(each -> each.getName().equals(method))
            .findFirst()
            .orElseThrow();
    return new Actor(found, List.of(arguments));
  }
}
