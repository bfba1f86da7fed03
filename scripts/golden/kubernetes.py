"""The part of Kubernetes 1.34's schema that a Job and a PersistentVolumeClaim of ours may use.

    python scripts/golden/kubernetes.py        # needs pip; fetches kubernetes-validate 1.37.0 (Apache-2.0)

Writes packages/octavo/src/data/scale/fixtures/kubernetes-1.34.json: the strict schemas, which know every field and
refuse any other, made from the OpenAPI description of Kubernetes (Apache-2.0), without descriptions and without the
fields named below. So a manifest that fits the part fits the whole.
"""
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

root = pathlib.Path(__file__).resolve().parents[2]
package = "kubernetes-validate==1.37.0"
version = "1.34.0"
roots = ["io.k8s.api.batch.v1.Job", "io.k8s.api.core.v1.PersistentVolumeClaim"]
left_out = {
    "Job": ["status"],
    "PersistentVolumeClaim": ["status"],
    "JobSpec": ["successPolicy", "podFailurePolicy"],
    "PodSpec": ["affinity", "ephemeralContainers", "dnsConfig", "resourceClaims", "topologySpreadConstraints"],
    "Container": ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"],
}
volumes = ["name", "persistentVolumeClaim", "emptyDir"]


def stripped(node):
    if isinstance(node, list):
        return [stripped(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: stripped(value)
        for key, value in node.items()
        if not key.startswith("x-kubernetes") and not (key == "description" and isinstance(value, str))
    }


with tempfile.TemporaryDirectory() as folder:
    subprocess.check_call([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder, package])
    wheel = next(pathlib.Path(folder).glob("*.whl")).read_bytes()
definitions = json.loads(
    zipfile.ZipFile(io.BytesIO(wheel)).read(
        f"kubernetes_validate/kubernetes-json-schema/v{version}-local-strict/_definitions.json"
    )
)["$defs"]

reached = {}


def reach(name):
    if name in reached:
        return
    definition = reached[name] = stripped(definitions[name])
    properties = definition.get("properties", {})
    kind = name.rsplit(".", 1)[-1]
    for field in list(properties):
        if field in left_out.get(kind, []) or (kind == "Volume" and field not in volumes):
            del properties[field]

    def walk(node):
        if isinstance(node, dict) and isinstance(node.get("$ref"), str):
            reach(node["$ref"].rsplit("/", 1)[-1])
        for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else []:
            walk(one)

    walk(definition)


for name in roots:
    reach(name)
says = f"Kubernetes {version}, OpenAPI description, Apache-2.0; by way of {package}, Apache-2.0; scripts/golden/kubernetes.py"
path = root / "packages/octavo/src/data/scale/fixtures/kubernetes-1.34.json"
lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(reached[name])}" for name in sorted(reached))
path.write_text(f'{{"$comment": {json.dumps(says)},\n"$defs": {{\n{lines}\n}}}}\n')
