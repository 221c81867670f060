"""Pictures from web addresses, and webhooks: requests that this machine sends because a client asked for them.

A client must not reach through the service what only this machine can reach. So every address that a name has is
checked, and the connection goes to the very address that was checked.

failures      what can go wrong, told without what the network of this machine looks like
addresses     which IP addresses are public
web_address   a URL taken apart, strictly
resolving     a name -> the IP addresses that may be connected to
timed_socket  a socket whose whole talk has one deadline, one end for its bytes, and stops when it is cancelled
exchange      one request and the head of its answer, over a pinned connection
fetch         `fetch`: redirects followed and checked, size and time capped
in_threads    `fetch_in_thread`: the same for callers that wait asynchronously
webhook       `post_json`: to hosts that the operator allowed
"""
