/// Lets closures that may outlive an object refer to it, without a weak reference: one of those
/// would move the object's reference counts out of line and slow every use of it, and these
/// objects are used for each request. The object clears its anchor when it goes.
final class Anchor<Object: AnyObject> {
  unowned(unsafe) var object: Object?
}
