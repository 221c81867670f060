"""The `service` room: the engine over HTTP, with a page. Extra `[service]`.

app             `build_app`: routes, what lies around them, start and end
settings        what the operator decides
service         what the routes of one process share: queue, models, keys, sessions
server          the process that listens (uvicorn), its workers, and the timeout of headers
draining        SIGTERM: finish what runs, refuse what comes
guard           what every request goes through: Host, origin, size and time of the body, headers of the answer, log
admission       who may: key and rate
failures        what goes wrong in a service, and the HTTP status of every error
forms           a request's fields and files, under limits
runner          work in the threads of the queue, for callers that wait asynchronously
dialect         the form of answers: ours, and the endpoint around each route
request_fields  fields -> the engine's request
output_fields   fields -> how the answer is encoded
pictures        uploads -> pictures, masks and backgrounds
words           what clients are told of an error
answers         a cut-out -> a picture, JSON, or parts
cutting         /v1/cut, /v1/refine, /v1/detections
facts           /v1/models, /healthz, /readyz, /metrics; openapi, /openapi.json
mask_preview    a soft mask as large as a screen shows it
sessions, session_routes    /v1/sessions: a picture uploaded once, then clicks on it
metrics         what is counted
"""
