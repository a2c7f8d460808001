{{- define "pratique.environment" -}}
- name: PRATIQUE_DATA
  value: /var/lib/pratique/data
{{- if .Values.database.existingSecret }}
- name: PRATIQUE_DATABASE
  valueFrom:
    secretKeyRef:
      name: {{ .Values.database.existingSecret }}
      key: {{ .Values.database.key }}
{{- end }}
{{- if .Values.blobs.url }}
- name: PRATIQUE_BLOBS
  value: {{ .Values.blobs.url | quote }}
{{- end }}
{{- range $name, $value := merge (dict) .Values.blobs.environment .Values.environment }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- define "pratique.environmentFrom" -}}
{{- if .Values.blobs.existingSecret }}
envFrom:
  - secretRef:
      name: {{ .Values.blobs.existingSecret }}
{{- end }}
{{- end -}}

{{- define "pratique.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "pratique.mounts" -}}
- name: data
  mountPath: /var/lib/pratique
- name: tmp
  mountPath: /tmp
{{- end -}}

{{- define "pratique.podMetadata" -}}
labels:
  {{- include "pratique.labels" . | nindent 2 }}
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.podAnnotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "pratique.init" -}}
- name: init
  image: {{ include "pratique.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command:
    - sh
    - -euc
    - |
      # What `init` says holds a password when it succeeds, and is shown only when it does not.
      if said=$(pratique init --owner "$OWNER_NAME" --json 2>&1); then
        if [ -e /run/pratique/owner/password ]; then
          pratique user password "$OWNER_NAME" --password-stdin --data "$PRATIQUE_DATA" \
            </run/pratique/owner/password >/dev/null
        fi
      elif ! pratique registry show --data "$PRATIQUE_DATA" >/dev/null; then
        echo "$said" >&2
        exit 1
      fi
  env:
    {{- include "pratique.environment" . | nindent 4 }}
    - name: OWNER_NAME
      value: {{ .Values.owner.name | quote }}
  {{- with include "pratique.environmentFrom" . }}
  {{- . | nindent 2 }}
  {{- end }}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    {{- include "pratique.containerSecurity" . | nindent 4 }}
  volumeMounts:
    {{- include "pratique.mounts" . | nindent 4 }}
    {{- if .Values.owner.existingSecret }}
    - name: owner
      mountPath: /run/pratique/owner
      readOnly: true
    {{- end }}
{{- end -}}

{{- define "pratique.server" -}}
{{- $scheme := ternary "HTTPS" "HTTP" (not (empty .Values.tls.existingSecret)) -}}
- name: pratique
  image: {{ include "pratique.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [pratique]
  args:
    - serve
    - --listen={{ .Values.bindAddress }}:5000
    - --workers={{ int .Values.workers }}
    - --external-url={{ include "pratique.externalUrl" . }}
    - --drain-delay={{ int .Values.drainDelaySeconds }}
    - --collect-every={{ .Values.collect.every }}
    {{- if .Values.collect.untagged }}
    - --collect-untagged={{ .Values.collect.untagged }}
    {{- end }}
    {{- if .Values.metrics.enabled }}
    - --metrics={{ .Values.bindAddress }}:9100
    {{- end }}
    - --limits={{ .Values.limits }}
    {{- range .Values.trustedProxies }}
    - --trusted-proxy={{ . }}
    {{- end }}
    {{- if .Values.allowPrivateIssuers }}
    - --allow-private-issuers
    {{- end }}
    {{- if not .Values.requestLog }}
    - --no-request-log
    {{- end }}
    {{- if .Values.tls.existingSecret }}
    - --tls-cert=/run/pratique/tls/tls.crt
    - --tls-key=/run/pratique/tls/tls.key
    {{- end }}
    {{- range .Values.extraArguments }}
    - {{ . | quote }}
    {{- end }}
  env:
    {{- include "pratique.environment" . | nindent 4 }}
  {{- with include "pratique.environmentFrom" . }}
  {{- . | nindent 2 }}
  {{- end }}
  ports:
    - name: registry
      containerPort: 5000
    {{- if .Values.metrics.enabled }}
    - name: metrics
      containerPort: 9100
    {{- end }}
  startupProbe:
    httpGet: {path: /livez, port: registry, scheme: {{ $scheme }}}
    periodSeconds: 2
    timeoutSeconds: 2
    failureThreshold: 60
  livenessProbe:
    httpGet: {path: /livez, port: registry, scheme: {{ $scheme }}}
    periodSeconds: 10
    timeoutSeconds: 5
    failureThreshold: 3
  readinessProbe:
    httpGet: {path: /readyz, port: registry, scheme: {{ $scheme }}}
    periodSeconds: 5
    timeoutSeconds: 3
    # One slow answer must not take away what may be the only pod; one that stops is left at once anyway.
    failureThreshold: 3
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    {{- include "pratique.containerSecurity" . | nindent 4 }}
  volumeMounts:
    {{- include "pratique.mounts" . | nindent 4 }}
    {{- if .Values.tls.existingSecret }}
    - name: tls
      mountPath: /run/pratique/tls
      readOnly: true
    {{- end }}
{{- end -}}

{{- define "pratique.podSpec" -}}
serviceAccountName: {{ include "pratique.serviceAccount" . }}
automountServiceAccountToken: false
# Variables of Services would look like settings of the registry.
enableServiceLinks: false
# SIGTERM starts the drain delay, in which the server serves on; so no preStop hook is needed.
# What was begun then has 30 seconds.
terminationGracePeriodSeconds: {{ add (int .Values.drainDelaySeconds) 30 (int .Values.spareSeconds) }}
securityContext:
  runAsNonRoot: true
  {{- if not (kindIs "invalid" .Values.runAsUser) }}
  runAsUser: {{ int .Values.runAsUser }}
  runAsGroup: {{ int .Values.runAsUser }}
  {{- end }}
  {{- if not (kindIs "invalid" .Values.fsGroup) }}
  fsGroup: {{ int .Values.fsGroup }}
  fsGroupChangePolicy: OnRootMismatch
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
initContainers:
  {{- include "pratique.init" . | nindent 2 }}
containers:
  {{- include "pratique.server" . | nindent 2 }}
volumes:
  - name: tmp
    emptyDir:
      sizeLimit: 256Mi
  {{- if include "pratique.stateless" . }}
  - name: data
    emptyDir: {}
  {{- else if .Values.persistence.existingClaim }}
  - name: data
    persistentVolumeClaim:
      claimName: {{ .Values.persistence.existingClaim }}
  {{- end }}
  {{- if .Values.owner.existingSecret }}
  - name: owner
    secret:
      secretName: {{ .Values.owner.existingSecret }}
      items:
        - key: {{ .Values.owner.key }}
          path: password
  {{- end }}
  {{- if .Values.tls.existingSecret }}
  - name: tls
    secret:
      secretName: {{ .Values.tls.existingSecret }}
  {{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.priorityClassName }}
priorityClassName: {{ .Values.priorityClassName }}
{{- end }}
{{- if gt (int .Values.replicas) 1 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "pratique.selector" . | nindent 8 }}
{{- end }}
{{- end -}}
