"""What well-known calls do. Tables only; the judging is in the criteria.

A name matches itself and everything below it: "subprocess" matches
"subprocess.run". Names are as `Call.target` has them, with imports resolved.
"""

from __future__ import annotations

import builtins
import sys


def names(text: str) -> frozenset[str]:
    """A table from words: longer than a page otherwise."""
    return frozenset(text.split())


# Model runs, media, archives and data frames: minutes and gigabytes are normal.
HEAVY_LIBRARIES = names("""
    anthropic av catboost cohere cv2 dask datasets diffusers duckdb faster_whisper
    ffmpeg gensim geopandas google.genai google.generativeai groq imageio jax keras
    langchain langchain_community langchain_core langchain_openai langgraph librosa
    lightgbm litellm llama_index mistralai modin moviepy nltk ollama onnxruntime
    openai pandas PIL polars py7zr pyarrow pydub pyspark pyvips rarfile
    sentence_transformers shutil.make_archive shutil.unpack_archive skimage sklearn
    soundfile spacy tarfile tensorflow torch transformers ultralytics vaex wand
    whisper xgboost zipfile
    """)

# In the source of a request: a model answers, word by word.
MODEL_HOSTS = names("anthropic cohere huggingface mistral ollama openai replicate.com")

# Work for the processor: seconds rather than minutes, but it holds the interpreter.
CPU_LIBRARIES = names("""
    argon2 bcrypt bz2 cairosvg Crypto.PublicKey.DSA.generate
    Crypto.PublicKey.ECC.generate Crypto.PublicKey.RSA.generate difflib docx fitz
    gzip hashlib.pbkdf2_hmac hashlib.scrypt itertools.combinations
    itertools.permutations itertools.product lzma matplotlib networkx numpy openpyxl
    pdfminer pdfplumber pikepdf plotly pptx pypdf PyPDF2 pytesseract rapidfuzz
    reportlab scipy shapely sympy tika tlsh weasyprint xhtml2pdf xlrd xlsxwriter
    zlib
    """)

CPU_METHODS = frozenset({"generate_private_key"})

# Other processes, and what ends or signals the own one.
PROCESSES = names("""
    asyncio.create_subprocess_exec asyncio.create_subprocess_shell billiard
    concurrent.futures.ProcessPoolExecutor fabric git multiprocessing os._exit
    os.abort os.execv os.execve os.execvp os.fork os.forkpty os.kill os.killpg
    os.popen os.posix_spawn os.spawnl os.spawnv os.spawnve os.system pexpect plumbum
    psutil.Popen sh signal.alarm signal.setitimer signal.signal subprocess sys.exit
    """)

HTTP_VERBS = names("delete get head options patch post put request stream")
HTTP_MODULES = names("aiohttp httpx niquests requests urllib3")
HTTP_CLIENTS = names("""
    aiohttp.ClientSession httpx.AsyncClient httpx.Client niquests.Session
    requests.Session requests.session urllib3.PoolManager
    """)
# A receiver of this name is taken for an HTTP client where one is made within reach.
CLIENT_NAMES = names("client http http_client session api")

NETWORK_CALLS = names("""
    ftplib.FTP ftplib.FTP_TLS http.client.HTTPConnection http.client.HTTPSConnection
    imaplib.IMAP4 imaplib.IMAP4_SSL poplib.POP3 socket.create_connection
    socket.getaddrinfo socket.gethostbyname socket.socket telnetlib.Telnet
    urllib.request.urlopen urllib.request.urlretrieve xmlrpc.client.ServerProxy
    """)

MAIL = names("django.core.mail emails fastapi_mail flask_mail smtplib")
MAIL_METHODS = names("send_mail send_email send_message send_mass_mail")
MAIL_RECEIVERS = names("email mail message msg")

SLEEPS = names("asyncio.sleep eventlet.sleep gevent.sleep time.sleep")

CACHES = names("django.core.cache flask_caching cachetools diskcache")
CACHE_RECEIVERS = frozenset({"cache", "caches"})
CACHE_WRITES = names("add clear delete delete_many get_or_set incr set set_many touch")

# Reads a whole body into memory.
WHOLE_READS = names("json.load pickle.load yaml.safe_load yaml.load")
FILE_READS = names("read read_bytes read_text readlines download_fileobj")
LOCAL_DISK = names("""
    os.makedirs os.mkdir os.remove os.rename os.replace os.rmdir os.unlink
    shutil.copy shutil.copyfile shutil.copytree shutil.move shutil.rmtree tempfile
    """)
LOCAL_DISK_METHODS = names("mkdir rmdir unlink write_bytes write_text")

DELETES = frozenset({"delete"})
SMALL_DELETES = names("cache db file redis session storage")
QUERY_PARTS = names("exclude filter filter_by objects qs query queryset")
DELETE_CALLS = frozenset({"sqlalchemy.delete", "sqlalchemy.sql.delete"})
# Safe to run again with the same outcome.
IDEMPOTENT = names("""
    aget_or_create aupdate_or_create delete get_or_create on_conflict_do_nothing
    on_conflict_do_update update update_or_create upsert
    """)
# Adds a row, sends a thing: a second run is a second row.
REPEATING = names("add add_all bulk_create create insert")

EXTERNAL_WRITES = names("delete patch post put")
CHARGES = names("braintree paypalrestsdk stripe")

COMMANDS = frozenset({"django.core.management.call_command"})
DYNAMIC = names("""
    __import__ builtins.__import__ builtins.eval builtins.exec
    django.utils.module_loading.import_string eval exec importlib.import_module
    """)

DISPATCH = names("""
    apply apply_async apply_async_on_commit delay delay_on_commit retry s si
    signature subtask update_state
    """)

# Methods whose meaning does not depend on who implements them: of the built-in types,
# of query sets and sessions, of loggers, dates and paths.
HARMLESS_METHODS = names("""
    __enter__ __exit__ __init__ __new__ add add_all adelete aexists afirst aget
    aget_or_create aggregate alias all annotate any append appendleft as_posix
    as_tuple as_view asave asc astimezone aupdate aupdate_or_create between
    bulk_create bulk_update by_id c capitalize cast clear close combine contains copy
    count create critical cursor date dates datetimes debug decode decr defer delete
    desc dict difference distinct distinct_on earliest encode endswith error
    exception exclude exists expire expunge extend extra fetchall fetchone filter
    filter_by find finditer first format format_map from_statement fromisoformat
    fromkeys full_clean fullmatch get get_or_create getvalue group_by groups has_key
    having hex hexdigest hexists hget hset ilike in_ in_bulk incr info insert
    intersection is_ is_alive is_dir is_file is_not isalnum isalpha isdigit
    isdisjoint isnot isocalendar isoformat isoweekday issubset items iterator join
    joinedload json keys label last latest like lower lstrip mappings match merge
    model_dump model_validate none normalize now nulls_first nulls_last nullslast
    on_conflict_do_nothing on_conflict_do_update one one_or_none only op options
    order_by ordinal outerjoin over partition pop popitem prefetch_related quantize
    raise_for_status refresh_from_db release remove replace reverse rfind rpartition
    rsplit rstrip safe_dump save scalar_one scalar_one_or_none select
    select_for_update select_from select_related serialize session set set_autocommit
    setdefault setex sort sorted split splitlines startswith strftime strip strptime
    sub subquery sum swapcase symmetric_difference timestamp timestamp_ms timetuple
    title to_dict tobytes today total_seconds touch truncate union unique update
    update_or_create upper using utcnow utcoffset validate values values_list warn
    warning weekday where with_entities with_for_update with_options yield_per zfill
    """)
# Of a database connection or session only: `command.execute()` may do anything.
DATABASE_METHODS = names("""
    begin begin_nested commit execute executemany flush query refresh rollback scalar
    scalars
    """)
DATABASE_RECEIVERS = (
    "conn",
    "cursor",
    "database",
    "db",
    "engine",
    "pipe",
    "redis",
    "session",
    "transaction",
    "tx",
)
ROUND_TRIPS = names("""
    acreate adelete asave bulk_create bulk_update create delete full_clean
    get_or_create refresh_from_db save update_or_create
    """)
# What plain SQL does, only the database knows; these ask for nothing.
RAW_SQL = names("sqlalchemy.text sqlalchemy.sql.text")
CHEAP_SQL = ("select 1", "pragma ")
# Starts work beside its own.
CONCURRENCY = names("""
    asyncio.create_task asyncio.ensure_future asyncio.gather asyncio.TaskGroup
    concurrent.futures.ThreadPoolExecutor gevent.spawn threading.Thread threading.Timer
    """)
HARMLESS_PREFIXES = ("is_", "has_", "log_")

# Receivers that only write logs or count.
HARMLESS_RECEIVERS = names("log logger logging metrics sentry_sdk span statsd tracer")

# Libraries whose calls cost little by themselves: a query, a cache key, a log line.
HARMLESS_LIBRARIES = names("""
    allauth attr attrs babel bleach cachetools celery circuitbreaker constance crum
    dateparser dateutil defusedxml django django_celery_beat django_countries
    django_filters django_redis django_scopes djangorestframework dotenv environ
    fastapi flask flask_principal flask_sqlalchemy guardian humanize i18nfield
    invenio_access invenio_db isodate itsdangerous jinja2 jsonschema jwt kombu
    loguru lxml markupsafe marshmallow model_utils more_itertools mptt nh3
    opentelemetry orjson pendulum phonenumbers prometheus_client psycopg psycopg2
    pydantic pydantic_settings pymemcache pyramid pytz redis rest_framework
    sentry_sdk simple_history simplejson six slugify sqlalchemy starlette statsd
    stringcase structlog swapper taggit toml tomli typing_extensions tzlocal
    ua_parser ujson unidecode user_agents valkey waffle werkzeug wrapt yaml zope
    """)

STANDARD_LIBRARY = frozenset(sys.stdlib_module_names) | frozenset(dir(builtins))


def matches(target: str, table: frozenset[str]) -> bool:
    """Whether the dotted name, or one it stands below, is in the table."""
    while target:
        if target in table:
            return True
        target = target.rpartition(".")[0]
    return False


def method(target: str) -> str:
    return target.rpartition(".")[2]


def receiver(target: str) -> str:
    """The word before the last dot: "client" of "self.client.get"."""
    return method(target.rpartition(".")[0])
